import koffi from 'koffi';
import { checkTensor, dtypeOfCode, dtypes, elementCount, Tensor } from '../../tensor.js';
import type { Api, Out, Pointer } from './api.js';

/** An `OrtValue` over the memory of a tensor; it keeps the tensor alive until `release`. */
export interface HostValue {
  readonly pointer: bigint;
  readonly tensor: Tensor;
  release(): void;
}

/** Stands for the address of an empty array, which has none. */
const nothing = new Uint8Array(8);

/**
 * Address of an array's elements. Reading `.buffer` first matters: V8 keeps arrays of up to 64 bytes inside its moving
 * heap until their buffer is asked for, and outside from then on.
 */
function address(data: Tensor['data']): bigint {
  return koffi.address(data.buffer.byteLength > 0 && data.byteLength > 0 ? data : nothing);
}

/**
 * Wraps a tensor without copying: ONNX Runtime reads and writes its array in place, SharedArrayBuffer views included.
 * `memoryInfo` is an `OrtMemoryInfo` of the CPU.
 */
export function hostValue(api: Api, memoryInfo: Pointer, where: string, tensor: Tensor): HostValue {
  checkTensor(where, tensor);
  const pointer = api.take(
    where,
    'CreateTensorWithDataAsOrtValue',
    memoryInfo,
    address(tensor.data),
    tensor.data.byteLength,
    BigInt64Array.from(tensor.shape, BigInt),
    tensor.shape.length,
    dtypes[tensor.dtype].code,
  );
  return { pointer, tensor, release: () => api.release('ReleaseValue', pointer) };
}

/** Copies an `OrtValue` that ONNX Runtime allocated on the CPU into a new tensor. */
export function readValue(api: Api, where: string, value: bigint): Tensor {
  const info = api.take(where, 'GetTensorTypeAndShape', value);
  try {
    const { code, shape } = readTypeAndShape(api, where, info);
    const dtype = dtypeOfCode(where, code);
    const count = elementCount(where, shape);
    const bytes = count * dtypes[dtype].bytes;
    const data: Out<bigint> = [null];
    api.call(where, 'GetTensorMutableData', value, data);
    // Decoding copies; a view would outlive the memory, which goes with the value.
    const copy = bytes === 0 ? new Uint8Array(0) : (koffi.decode(data[0], 'uint8_t', bytes) as Uint8Array);
    return new Tensor(dtype, shape, new dtypes[dtype].array(copy.buffer, copy.byteOffset, count));
  } finally {
    api.release('ReleaseTensorTypeAndShapeInfo', info);
  }
}

/** ONNX data type code and sizes of an `OrtTensorTypeAndShapeInfo`; symbolic sizes are -1. */
export function readTypeAndShape(api: Api, where: string, info: Pointer): { code: number; shape: number[] } {
  const code: Out<number> = [null];
  api.call(where, 'GetTensorElementType', info, code);
  const rank: Out<number> = [null];
  api.call(where, 'GetDimensionsCount', info, rank);
  const sizes = new BigInt64Array(rank[0]!);
  if (sizes.length > 0) api.call(where, 'GetDimensions', info, sizes, sizes.length);
  return { code: code[0]!, shape: Array.from(sizes, Number) };
}
