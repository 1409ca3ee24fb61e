import { type DType, dtypes, elementCount, Tensor } from '../tensor.js';

/** Memory of tensors that come and go within a step, so that no step waits for a garbage collection to have room. */
export interface TensorPool {
  /** A tensor whose elements are whatever lay there before. */
  take(dtype: DType, shape: readonly number[]): Tensor;
  /** Takes the memory of a tensor back; of one that it did not make it takes nothing. */
  give(tensor: Tensor): void;
}

/** Holds as many buffers as were out at once; one that is too small makes room for a larger one. */
export function tensorPool(): TensorPool {
  const free: ArrayBuffer[] = [];
  // A tensor that a failed step leaves behind is the garbage collector's.
  const out = new WeakMap<Tensor, ArrayBuffer>();
  return {
    take(dtype, shape) {
      const count = elementCount('boundary tensor', shape);
      const bytes = count * dtypes[dtype].bytes;
      free.sort((a, b) => a.byteLength - b.byteLength);
      const fitting = free.findIndex(({ byteLength }) => byteLength >= bytes);
      const found = fitting >= 0 ? free.splice(fitting, 1)[0] : undefined;
      if (!found) free.pop();
      const buffer = found ?? new ArrayBuffer(bytes);
      const tensor = new Tensor(dtype, shape, new dtypes[dtype].array(buffer, 0, count));
      out.set(tensor, buffer);
      return tensor;
    },
    give(tensor) {
      const buffer = out.get(tensor);
      if (buffer && out.delete(tensor)) free.push(buffer);
    },
  };
}
