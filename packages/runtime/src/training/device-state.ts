import type { Device, DeviceTensor } from '../drivers/device.js';
import { Tensor } from '../tensor.js';
import type { TrainingState } from './state.js';

/** What a device holds of one trained parameter. */
export interface ResidentParameter {
  value: DeviceTensor;
  first: DeviceTensor;
  second: DeviceTensor;
  /** Undefined before the first backward. */
  gradient: DeviceTensor | undefined;
}

/** The tensors of a training's state in the memory of a device. */
export interface DeviceState {
  readonly trained: ReadonlyMap<string, ResidentParameter>;
  readonly frozen: ReadonlyMap<string, DeviceTensor>;
}

/** Parameters and moments, tensor by tensor; what went up is freed if one fails. */
export async function uploadState(
  device: Device,
  { trained, frozen, resident: fixedThere }: TrainingState,
): Promise<DeviceState> {
  const made: DeviceTensor[] = [];
  const up = async (tensor: Tensor): Promise<DeviceTensor> => {
    const there = await device.upload(tensor);
    made.push(there);
    return there;
  };
  try {
    const resident = new Map<string, ResidentParameter>();
    for (const { name, value, first, second } of trained) {
      const moment = (data: Float32Array) => up(new Tensor('float32', value.shape, data));
      resident.set(name, {
        value: await up(value),
        first: await moment(first),
        second: await moment(second),
        gradient: undefined,
      });
    }
    const fixed = new Map<string, DeviceTensor>();
    for (const [name, tensor] of [...frozen, ...fixedThere]) fixed.set(name, await up(tensor));
    return { trained: resident, frozen: fixed };
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

/** Parameters, moments and gradients into the state's arrays; frozen parameters never change. */
export async function downloadState(device: Device, there: DeviceState, state: TrainingState): Promise<void> {
  for (const { name, value, gradient, first, second } of state.trained) {
    const own = there.trained.get(name)!;
    const down = async (tensor: DeviceTensor, into: Float32Array) =>
      into.set((await device.download(tensor)).data as Float32Array);
    await down(own.value, value.data as Float32Array);
    await down(own.first, first);
    await down(own.second, second);
    if (own.gradient) await down(own.gradient, gradient.data as Float32Array);
  }
}

export function freeState({ trained, frozen }: DeviceState): void {
  for (const { value, first, second, gradient } of trained.values())
    for (const tensor of [value, first, second, gradient]) tensor?.dispose();
  for (const tensor of frozen.values()) tensor.dispose();
}
