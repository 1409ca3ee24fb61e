import { encodeModel, identity, trace } from '@rag/onnx';
import koffi from 'koffi';
import { checkTensor, dtypes, elementCount, type Tensor } from '../../tensor.js';
import type { Out, Pointer } from './api.js';
import { type DevicePlaces, OrtTensor } from './device-tensor.js';
import type { FfiSession } from './session.js';

/** Bytes from one place to another: each end lies where it is bound. */
export const copyModel = (): Uint8Array =>
  encodeModel(trace({ from: { dtype: 'uint8', shape: ['bytes'] } }, ({ from }) => ({ to: identity(from) })));

/**
 * Copies elements between tensors of the host and of a device by a run of `copyModel`; both have the same number of bytes. The C API's own `CopyTensors`
 * (1.23) serves providers that are registered as plugins only, which CUDA's is not in onnxruntime-node.
 */
export async function copyTensor(
  places: DevicePlaces,
  copies: FfiSession,
  from: Tensor | OrtTensor,
  to: Tensor | OrtTensor,
): Promise<void> {
  const { api } = places;
  const bytes = elementCount('copy', from.shape) * dtypes[from.dtype].bytes;
  // Looked at first: what is disposed is an error where there is nothing to copy too.
  const addresses = [from, to].map((tensor) => addressOf(places, tensor, bytes));
  if (bytes === 0) return;
  const values: bigint[] = [];
  let binding: bigint | null = null;
  try {
    for (const { memory, address } of addresses)
      values.push(
        api.take(
          'copy',
          'CreateTensorWithDataAsOrtValue',
          memory,
          address,
          bytes,
          BigInt64Array.of(BigInt(bytes)),
          1,
          dtypes.uint8.code,
        ),
      );
    binding = api.take('copy', 'CreateIoBinding', copies.handle);
    api.call('copy', 'BindInput', binding, 'from', values[0]!);
    api.call('copy', 'BindOutput', binding, 'to', values[1]!);
    api.call('copy', 'SynchronizeBoundInputs', binding);
    await api.callAsync('copy', 'RunWithBinding', copies.handle, null, binding);
    api.call('copy', 'SynchronizeBoundOutputs', binding);
  } finally {
    api.release('ReleaseIoBinding', binding);
    for (const value of values) api.release('ReleaseValue', value);
    // The arrays live until the run has ended because they are named after it.
    addresses.length = 0;
  }
}

interface Address {
  readonly memory: Pointer;
  readonly address: bigint;
  /** The array there, on the host. */
  readonly array?: Uint8Array;
}

function addressOf(places: DevicePlaces, tensor: Tensor | OrtTensor, bytes: number): Address {
  if (tensor instanceof OrtTensor) {
    const data: Out<bigint> = [null];
    places.api.call('copy', 'GetTensorMutableData', OrtTensor.pointer('copy', tensor, places), data);
    return { memory: places.device, address: data[0] ?? 0n };
  }
  checkTensor('copy', tensor);
  // Over its buffer, which moves it out of V8's moving heap: see `value.ts`.
  const array = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, bytes);
  return { memory: places.host, address: bytes === 0 ? 0n : koffi.address(array), array };
}
