import { encodeModel, graphOf, identity, input } from '@rag/onnx';
import type { InferenceSession, InferenceSessionFactory, Tensor as OrtTensor } from 'onnxruntime-node';
import { SessionError } from '../error.js';
import { lifetime } from '../lifetime.js';
import type { DType, Tensor, TypedArray } from '../tensor.js';
import { type Binding, described, ortTensor, tensorOf } from './binding.js';
import { type Device, type DeviceModel, type DeviceTensor, onDevice } from './device.js';
import type { DriverOptions } from './driver.js';

/** A binding that opens sessions besides. */
export interface OpeningBinding extends Binding {
  readonly InferenceSession: InferenceSessionFactory;
}

/** A tensor in a GPU buffer of ONNX Runtime's, which hands it back to its pool at `dispose`. */
interface GpuTensor extends DeviceTensor {
  readonly native: OrtTensor;
}

/**
 * The GPU behind a JavaScript binding's provider `webgpu` as a device. Tensors reach and leave it through an identity graph: the one
 * way that both bindings have (onnxruntime-node 1.30 ends the process when such a tensor is read directly).
 */
export function bindingDevice(binding: OpeningBinding, options: DriverOptions): Device {
  const { config, provider, ...rest } = options;
  const copies = new Map<string, Promise<DeviceModel>>();
  const life = lifetime('device', () => {
    for (const model of copies.values())
      void model.then(
        (opened) => opened.dispose(),
        () => {},
      );
  });

  const create = (model: Uint8Array, resident: ReadonlySet<string>): Promise<InferenceSession> =>
    binding.call('createSession', () =>
      binding.InferenceSession.create(model, {
        ...rest,
        executionProviders: [provider],
        preferredOutputLocation: Object.fromEntries([...resident].map((name) => [name, 'gpu-buffer'])),
        extra: config,
      } as InferenceSession.SessionOptions),
    );

  function gpuTensor(native: OrtTensor): GpuTensor {
    let live = true;
    return {
      native,
      dtype: native.type as DType,
      shape: [...native.dims],
      dispose() {
        if (!live) return;
        live = false;
        // A lost device has freed it already.
        void binding.call('dispose', async () => native.dispose()).catch(() => {});
      },
    };
  }

  async function openModel(model: Uint8Array, resident: ReadonlySet<string>): Promise<DeviceModel> {
    let native = await create(model, resident);
    const release = (session: InferenceSession) =>
      void binding.call('release', () => session.release()).catch(() => {});
    const { inputs, outputs } = described(native, () => release(native));
    const life = lifetime('model', () => release(native));
    let failed = false;
    return {
      inputs,
      outputs,
      run: (feeds) =>
        life.during('run', async () => {
          const nativeFeeds = Object.fromEntries(
            Object.entries(feeds).map(([name, tensor]) => [
              name,
              onDevice(tensor)
                ? (tensor as GpuTensor).native
                : ortTensor(binding, `run: input "${name}"`, tensor),
            ]),
          );
          if (failed) {
            // onnxruntime-web 1.30 would run the inputs of the failed run again (`inputOutputBound` in wasm-core-impl.ts).
            const broken = native;
            native = await create(model, resident);
            release(broken);
            failed = false;
          }
          const results = await binding
            .call('run', () => native.run(nativeFeeds))
            .catch((error: unknown) => {
              failed = true;
              throw error;
            });
          const device: Record<string, DeviceTensor> = {};
          const host: Record<string, Tensor> = {};
          for (const { name } of outputs) {
            const result = results[name]!;
            if (result.location === 'gpu-buffer') device[name] = gpuTensor(result);
            else if (resident.has(name))
              throw new SessionError(
                `run: output "${name}"`,
                `expected elements, got none in [${result.dims.join(', ')}] — a device holds no empty tensors`,
              );
            else host[name] = tensorOf(result.type as DType, result.dims, result.data as TypedArray);
          }
          return { device, host };
        }),
      dispose: () => life.dispose(),
    };
  }

  function copyModel(
    direction: 'up' | 'down',
    { dtype, shape }: Tensor | DeviceTensor,
  ): Promise<DeviceModel> {
    const key = `${direction} ${dtype} ${shape.length}`;
    const from = input(
      'from',
      dtype,
      shape.map((_, axis) => `d${axis}`),
    );
    const model =
      copies.get(key) ??
      openModel(
        encodeModel(graphOf([from], { to: identity(from) })),
        new Set(direction === 'up' ? ['to'] : []),
      );
    copies.set(key, model);
    return model;
  }

  return {
    upload: (tensor) =>
      life.during('upload', async () => {
        const { device } = await (await copyModel('up', tensor)).run({ from: tensor });
        return device.to!;
      }),
    download: (tensor) =>
      life.during('download', async () => {
        const { host } = await (await copyModel('down', tensor)).run({ from: tensor });
        return host.to!;
      }),
    openModel,
    dispose: () => life.dispose(),
  };
}
