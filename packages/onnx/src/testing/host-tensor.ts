import { type DType, dtypes, isFloat, type TypedArray } from '../ir/type.js';

/** A tensor on the host: row-major elements, float16 and bfloat16 as raw codes, bool as 0/1 bytes. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

/** Uniform numbers in [0, 1) as a function of the seed (mulberry32, Tommy Ettinger, public domain). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** float64 elements drawn uniformly from [low, high). */
export function floats(shape: readonly number[], seed: number, low = -1, high = 1): HostTensor {
  const next = uniform(seed);
  return {
    dtype: 'float64',
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()),
  };
}

/** float64 elements in random order, 0.2 apart and centred on `centre`: no two near a tie of Max, ReduceMax or TopK. */
export function spreadFloats(shape: readonly number[], seed: number, centre = 0): HostTensor {
  const next = uniform(seed);
  const size = sizeOf(shape);
  const ranks = Array.from({ length: size }, (_, i) => ({ i, key: next() })).toSorted(
    (a, b) => a.key - b.key,
  );
  return {
    dtype: 'float64',
    shape,
    data: Float64Array.from(ranks, ({ i }) => centre + 0.2 * (i - (size - 1) / 2)),
  };
}

/** The given elements in row-major order; a vector unless a shape is given. */
export function tensor(
  data: readonly number[],
  dtype: DType = 'int64',
  shape: readonly number[] = [data.length],
): HostTensor {
  const elements = new dtypes[dtype].array(new ArrayBuffer(data.length * dtypes[dtype].bytes));
  for (const [i, x] of data.entries())
    elements[i] = elements instanceof BigInt64Array || elements instanceof BigUint64Array ? BigInt(x) : x;
  return { dtype, shape, data: elements };
}

/** A floating-point tensor in another floating-point dtype; other tensors as they are. */
export const inPrecision = (x: HostTensor, dtype: 'float32' | 'float64'): HostTensor =>
  isFloat(x.dtype) && x.dtype !== dtype
    ? { ...x, dtype, data: (dtype === 'float32' ? Float32Array : Float64Array).from(numbersOf(x)) }
    : x;

/** The elements as numbers. */
export const numbersOf = (x: HostTensor): number[] =>
  Array.from(x.data as ArrayLike<number | bigint>, Number);
