import { type DType, dtypes, dtypeOfCode as knownDType, type TypedArray } from '@rag/onnx';
import { SessionError } from './error.js';

export { type DType, dtypes, type TypedArray };

/** The element type of an ONNX data type code; throws SessionError for codes without one (strings, fp8, int4 …). */
export function dtypeOfCode(where: string, code: number): DType {
  const dtype = knownDType(code);
  if (dtype === undefined) {
    throw new SessionError(
      where,
      `expected one of the element types ${Object.keys(dtypes).join(', ')}, got ONNX data type ${code} — cast it inside the graph`,
    );
  }
  return dtype;
}

/** The number of elements of a shape (1 for a scalar, `[]`); throws SessionError on a size that is no whole number ≥ 0. */
export function elementCount(where: string, shape: readonly number[]): number {
  const count = shape.reduce((product, size) => {
    if (!Number.isInteger(size) || size < 0) {
      throw new SessionError(where, `expected sizes that are whole numbers ≥ 0, got [${shape.join(', ')}]`);
    }
    return product * size;
  }, 1);
  if (!Number.isSafeInteger(count)) {
    throw new SessionError(where, `expected fewer than 2^53 elements, got shape [${shape.join(', ')}]`);
  }
  return count;
}

/**
 * A tensor in host memory: row-major elements in a typed array that is kept, not copied.
 * Throws SessionError if the array's type does not fit the dtype, its length does not fit the shape, or its buffer can
 * be resized (ONNX Runtime holds its address).
 */
export class Tensor {
  readonly dtype: DType;
  /** Sizes from the outermost to the innermost axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  readonly data: TypedArray;

  constructor(dtype: DType, shape: readonly number[], data: TypedArray) {
    const where = `Tensor ${dtype}[${shape.join(', ')}]`;
    const entry = Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : undefined;
    if (entry === undefined) {
      throw new SessionError(
        where,
        `expected a dtype out of ${Object.keys(dtypes).join(', ')}, got "${dtype}"`,
      );
    }
    if (!(data instanceof entry.array)) {
      const got = (data as object | null)?.constructor?.name ?? String(data);
      throw new SessionError(where, `expected a ${entry.array.name}, got ${got}`);
    }
    const count = elementCount(where, shape);
    if (data.length !== count) {
      throw new SessionError(where, `expected ${count} elements, got ${data.length}`);
    }
    const buffer = data.buffer as { resizable?: boolean; growable?: boolean };
    if (buffer.resizable || buffer.growable) {
      throw new SessionError(where, 'expected a buffer of fixed length, got a resizable one — copy it');
    }
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.data = data;
  }
}

/** Dtype, shape and elements that are not checked yet, as packages that know no runtime hand them over. */
export type TensorParts = Pick<Tensor, 'dtype' | 'shape' | 'data'>;

/** Tensors of their parts, by the same names. */
export const tensorsOf = (parts: Readonly<Record<string, TensorParts>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(parts).map(([name, { dtype, shape, data }]) => [name, new Tensor(dtype, shape, data)]),
  );

/** A tensor of zeros in new memory. */
export function zeros(dtype: DType, shape: readonly number[]): Tensor {
  const entry = Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : undefined;
  const bytes = elementCount(`zeros ${dtype}`, shape) * (entry?.bytes ?? 1);
  const buffer = new ArrayBuffer(bytes);
  return new Tensor(dtype, shape, entry ? new entry.array(buffer) : new Uint8Array(buffer));
}

/**
 * Throws SessionError if the array of a tensor no longer holds its elements: its buffer was transferred to another thread,
 * or the object is not a checked Tensor.
 */
export function checkTensor(where: string, tensor: Tensor): void {
  if (!(tensor instanceof Tensor)) {
    throw new SessionError(
      where,
      'expected a Tensor, got another object — make it with new Tensor(dtype, shape, data)',
    );
  }
  const count = elementCount(where, tensor.shape);
  if (tensor.data.length !== count) {
    throw new SessionError(
      where,
      `expected ${count} elements, got ${tensor.data.length} — was its buffer transferred to another thread?`,
    );
  }
}

/** Whether two tensors share memory. */
export function overlaps(a: Tensor, b: Tensor): boolean {
  if (a.data.buffer !== b.data.buffer) return false;
  const [low, high] = a.data.byteOffset <= b.data.byteOffset ? [a.data, b.data] : [b.data, a.data];
  return high.byteLength > 0 && low.byteLength > 0 && low.byteOffset + low.byteLength > high.byteOffset;
}
