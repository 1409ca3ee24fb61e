import { SessionError } from '../error.js';
import { bindingSession, calling } from './binding.js';
import { bindingDevice } from './binding-device.js';
import type { Device } from './device.js';
import type { DriverOptions, DriverSession } from './driver.js';

async function loadBinding(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new SessionError(
      "driver 'node'",
      'expected onnxruntime-node, got no loadable package — npm install onnxruntime-node@1.30.0',
      {
        cause,
      },
    );
  }
}

/**
 * Opens a model with onnxruntime-node's own binding. A run blocks the event loop for its whole time
 * (microsoft/onnxruntime#19611); inputs are read in place. Throws SessionError with ONNX Runtime's message.
 */
export async function openNode(model: Uint8Array | string, options: DriverOptions): Promise<DriverSession> {
  const ort = await loadBinding();
  const { provider, config, ...rest } = options;
  const call = calling(provider);
  const native = await call(typeof model === 'string' ? `createSession ${model}` : 'createSession', () =>
    ort.InferenceSession.create(model as Uint8Array, {
      ...rest,
      executionProviders: [provider],
      extra: config,
    }),
  );
  // With webgpu only the number of elements of a given tensor would be checked, not its shape.
  const fillsFetches = provider !== 'webgpu';
  return bindingSession({ Tensor: ort.Tensor, fillsFetches, call }, native);
}

/** The GPU that onnxruntime-node's provider `webgpu` finds, as a device that holds tensors between runs. */
export async function openNodeDevice(options: DriverOptions): Promise<Device> {
  const { Tensor, InferenceSession } = await loadBinding();
  const call = calling(options.provider);
  return bindingDevice({ Tensor, InferenceSession, fillsFetches: true, call }, options);
}
