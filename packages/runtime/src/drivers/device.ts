import { Tensor } from '../tensor.js';
import type { TensorInfo } from './driver.js';

/** A tensor in the memory of a device; its elements are read by `Device.download` only. */
export interface DeviceTensor {
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
  /** Frees its memory once the runs that read it are through; a second call does nothing. */
  dispose(): void;
}

/**
 * A model whose inputs may lie on the device and whose outputs named at its opening stay there.
 * What is fed is only read: every run gives new tensors, and the caller disposes those that they replace.
 */
export interface DeviceModel {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Every output: tensors of the device for the names given to `openModel`, tensors of the host for the others. */
  run(feeds: Readonly<Record<string, Tensor | DeviceTensor>>): Promise<{
    readonly device: Readonly<Record<string, DeviceTensor>>;
    readonly host: Record<string, Tensor>;
  }>;
  /** Frees the model after runs that are under way; tensors that it gave stay. */
  dispose(): void;
}

/**
 * Where the state of training lives between runs: the memory of one provider's device. Drivers implement it
 * (`webgpu` by GPU buffers, `cuda` by OrtValues of the device); `training/device-residence.ts` trains on it.
 * A device that is gone makes every call a SessionError that says so.
 */
export interface Device {
  upload(tensor: Tensor): Promise<DeviceTensor>;
  download(tensor: DeviceTensor): Promise<Tensor>;
  /** `resident` names the outputs that stay on the device. */
  openModel(model: Uint8Array, resident: ReadonlySet<string>): Promise<DeviceModel>;
  /** Frees what the device itself opened; tensors and models are their owners' to dispose before. */
  dispose(): void;
}

/** Whether a fed tensor lies on a device. */
export const onDevice = (tensor: Tensor | DeviceTensor): tensor is DeviceTensor =>
  !(tensor instanceof Tensor);
