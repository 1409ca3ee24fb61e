import koffi from 'koffi';
import { SessionError } from '../../error.js';
import { type Lifetime, lifetime } from '../../lifetime.js';
import { withProviderErrors } from '../../provider-error.js';
import { type Tensor, zeros } from '../../tensor.js';
import { checkCudaOptions } from '../cuda-options.js';
import { type Device, type DeviceModel, type DeviceTensor, onDevice } from '../device.js';
import type { DriverOptions } from '../driver.js';
import { type Api, type Out, openApi, type Pointer } from './api.js';
import { copyModel, copyTensor } from './device-copy.js';
import { type DevicePlaces, OrtTensor } from './device-tensor.js';
import { requireCudaProvider } from './library.js';
import { type FfiSession, openFfi } from './session.js';
import { type HostValue, hostValue, readValue } from './value.js';

/** `OrtDeviceAllocator` and `OrtMemTypeDefault`. */
const deviceAllocator = 0;
const memTypeDefault = 0;

/**
 * The memory of a provider's device as `OrtValue`s, through the C API: that of `cuda`, or the host's with `cpu`, where the same code runs. `options` are
 * those of every session that it opens; event loops stay free during runs and copies.
 * @throws SessionError where the provider is absent, with what to install
 */
export async function openFfiDevice(options: DriverOptions): Promise<Device> {
  if (options.provider === 'cuda') {
    checkCudaOptions('device', options.cuda ?? {});
    if (options.cuda?.cudaGraph)
      throw new SessionError(
        'device: cuda.cudaGraph',
        'expected false, got true — a recorded graph has fixed sizes and addresses; what lies on a device between runs moves',
      );
    requireCudaProvider();
  }
  const copies = await openFfi(copyModel(), {
    ...options,
    graphOptimizationLevel: 'disabled',
    // State is allocated once, in its very size.
    enableCpuMemArena: false,
    ...(options.provider === 'cuda' && {
      cuda: { ...options.cuda, arenaExtendStrategy: 'kSameAsRequested' },
    }),
  });
  const api = openApi();
  let [host, device, allocator]: Pointer[] = [null, null, null];
  const release = (): void => {
    api.release('ReleaseAllocator', allocator!);
    api.release('ReleaseMemoryInfo', device!);
    api.release('ReleaseMemoryInfo', host!);
    copies.release();
  };
  try {
    const where = `device '${options.provider}'`;
    host = api.take(where, 'CreateCpuMemoryInfo', deviceAllocator, memTypeDefault);
    const [name, id] = options.provider === 'cuda' ? ['Cuda', options.cuda?.deviceId ?? 0] : ['Cpu', 0];
    device = api.take(where, 'CreateMemoryInfo', name!, deviceAllocator, id!, memTypeDefault);
    allocator = api.take(where, 'CreateAllocator', copies.handle, device);
  } catch (error) {
    release();
    throw error;
  }
  const places: DevicePlaces = { api, host, device };
  const life = lifetime('device', release);
  const { provider } = options;
  const during = <T>(where: string, work: () => Promise<T>): Promise<T> =>
    life.during(where, () => withProviderErrors(provider, work));
  return {
    upload: (tensor) =>
      during('upload', async () => {
        const target = OrtTensor.allocate(places, allocator!, life, tensor);
        try {
          await copyTensor(places, copies, tensor, target);
        } catch (error) {
          target.dispose();
          throw error;
        }
        return target;
      }),
    download: (tensor) =>
      during('download', async () => {
        OrtTensor.pointer('download', tensor, places);
        const target = zeros(tensor.dtype, tensor.shape);
        await copyTensor(places, copies, tensor as OrtTensor, target);
        return target;
      }),
    openModel: (model, resident) =>
      life.during('openModel', async () =>
        deviceModel(places, provider, await openFfi(model, options), resident, life),
      ),
    dispose: () => life.dispose(),
  };
}

function deviceModel(
  places: DevicePlaces,
  provider: string,
  session: FfiSession,
  resident: ReadonlySet<string>,
  device: Lifetime,
): DeviceModel {
  const life = lifetime('model', () => session.release());
  const missing = [...resident].find((name) => !session.outputs.some((output) => output.name === name));
  if (missing !== undefined) {
    life.dispose();
    throw new SessionError(
      'openModel',
      `expected outputs that the model has (${session.outputs.map(({ name }) => name).join(', ')}), got "${missing}" to keep on the device`,
    );
  }
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    run: (feeds) =>
      device.during('run', () =>
        life.during('run', () =>
          withProviderErrors(provider, () => run(places, session, feeds, resident, life)),
        ),
      ),
    dispose: () => life.dispose(),
  };
}

/** Inputs are bound where they lie, and copied by ONNX Runtime where they are read elsewhere; outputs are made where they shall lie. */
async function run(
  places: DevicePlaces,
  { handle, inputs, outputs }: FfiSession,
  feeds: Readonly<Record<string, Tensor | DeviceTensor>>,
  resident: ReadonlySet<string>,
  model: Lifetime,
): ReturnType<DeviceModel['run']> {
  const { api, host, device } = places;
  const held: HostValue[] = [];
  const binding = api.take('run', 'CreateIoBinding', handle);
  try {
    for (const { name } of inputs) {
      const where = `run: input "${name}"`;
      const tensor = feeds[name];
      if (!tensor) throw new SessionError(where, 'expected a tensor, got none — feed it');
      if (!onDevice(tensor)) held.push(hostValue(api, host, where, tensor));
      const value = onDevice(tensor) ? OrtTensor.pointer(where, tensor, places) : held.at(-1)!.pointer;
      api.call(where, 'BindInput', binding, name, value);
    }
    for (const { name } of outputs)
      api.call(
        `run: output "${name}"`,
        'BindOutputToDevice',
        binding,
        name,
        resident.has(name) ? device : host,
      );
    api.call('run', 'SynchronizeBoundInputs', binding);
    await api.callAsync('run', 'RunWithBinding', handle, null, binding);
    api.call('run', 'SynchronizeBoundOutputs', binding);
    return takeOutputs(places, boundValues(api, binding), outputs, resident, model);
  } finally {
    api.release('ReleaseIoBinding', binding);
    for (const value of held) value.release();
  }
}

/** The values of a run's outputs, in the order in which they were bound; each is the caller's to release. */
function boundValues(api: Api, binding: Pointer): bigint[] {
  // The default allocator belongs to ONNX Runtime and is never released.
  const allocator: Out<bigint> = [null];
  api.call('run', 'GetAllocatorWithDefaultOptions', allocator);
  const [list, count]: [Out<bigint>, Out<number>] = [[null], [null]];
  api.call('run', 'GetBoundOutputValues', binding, allocator[0], list, count);
  try {
    return (koffi.decode(list[0], 'void *', Number(count[0])) as bigint[]).map((value) => api.adopt(value));
  } finally {
    api.call('run', 'AllocatorFree', allocator[0], list[0]);
  }
}

function takeOutputs(
  places: DevicePlaces,
  values: bigint[],
  outputs: FfiSession['outputs'],
  resident: ReadonlySet<string>,
  model: Lifetime,
): Awaited<ReturnType<DeviceModel['run']>> {
  const { api } = places;
  const taken: { device: Record<string, OrtTensor>; host: Record<string, Tensor> } = { device: {}, host: {} };
  try {
    for (const { name, dtype } of outputs) {
      const where = `run: output "${name}"`;
      const value = values.shift()!;
      if (resident.has(name)) {
        taken.device[name] = OrtTensor.adopt(places, where, model, dtype, value);
        continue;
      }
      try {
        taken.host[name] = readValue(api, where, value);
      } finally {
        api.release('ReleaseValue', value);
      }
    }
    return taken;
  } catch (error) {
    for (const tensor of Object.values(taken.device)) tensor.dispose();
    for (const value of values) api.release('ReleaseValue', value);
    throw error;
  }
}
