import { SessionError } from './error.js';
import { OutOfMemoryError, outOfMemory } from './out-of-memory.js';

/** ONNX Runtime 1.30's core/providers/webgpu/shader_helper.cc, on a device without WebGPU's feature. */
const NO_F16 = /requires f16 but the device does not support it/;

/**
 * What ONNX Runtime said, in words of ours where they are known: an OutOfMemoryError where memory ends, a SessionError of a GPU that has no float16.
 * Any other error is itself.
 */
export function providerError(provider: string, error: unknown): unknown {
  if (!(error instanceof SessionError) || error instanceof OutOfMemoryError) return error;
  if (NO_F16.test(error.problem))
    return new SessionError(
      error.where,
      `expected a GPU with shader-f16 for a model in float16 on provider '${provider}', got one without — use a model in float32 or q8, train in fp32, or use another provider`,
      { cause: error },
    );
  return outOfMemory(provider, error) ?? error;
}

/** What the work gives, or its error as `providerError` has it. */
export async function withProviderErrors<T>(provider: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw providerError(provider, error);
  }
}
