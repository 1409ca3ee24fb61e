import { type DType, dtypes, Tensor, type TypedArray } from '../tensor.js';
import { tinyModel } from './tiny-model.js';

const rows = 'rows';
/** x[rows, 3] · w[3, 2] → y[rows, 2] */
export const matmul = tinyModel(
  [
    { name: 'x', dtype: 'float32', shape: [rows, 3] },
    { name: 'w', dtype: 'float32', shape: [3, 2] },
  ],
  [{ name: 'y', dtype: 'float32', shape: [rows, 2] }],
  [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
);
/** a[n] + b[m] → sum, −a → negated; sizes that do not broadcast fail only when the model runs. */
export const addAndNegate = tinyModel(
  [
    { name: 'a', dtype: 'float32', shape: ['n'] },
    { name: 'b', dtype: 'float32', shape: ['m'] },
  ],
  [
    { name: 'sum', dtype: 'float32', shape: ['k'] },
    { name: 'negated', dtype: 'float32', shape: ['n'] },
  ],
  [
    { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
    { op: 'Neg', inputs: ['a'], outputs: ['negated'] },
  ],
);

/** float32 [values]. */
export const floats = (...values: number[]): Tensor =>
  new Tensor('float32', [values.length], Float32Array.from(values));
/** float32 elements as numbers. */
export const numbers = (data: TypedArray): number[] => Array.from(data as Float32Array);
/** float32 of a shape. */
export const matrix = (shape: number[], values: number[]): Tensor =>
  new Tensor('float32', shape, Float32Array.from(values));
/** w of `matmul`. */
export const weight = matrix([3, 2], [1, 2, 3, 4, 5, 6]);

/** Raw elements that every dtype keeps as they are: float codes without NaN, bools of 0 and 1. */
export function samples(dtype: DType): Tensor {
  const data = new dtypes[dtype].array(new ArrayBuffer(4 * dtypes[dtype].bytes));
  [0, 1, dtype === 'bool' ? 1 : 100, 1].forEach((value, i) => {
    data[i] = dtype === 'int64' || dtype === 'uint64' ? BigInt(value) * 2n ** 40n : value;
  });
  return new Tensor(dtype, [2, 2], data);
}

/** in[n, 2] → out[n, 2] of the same elements. */
export const identity = (dtype: DType): Uint8Array =>
  tinyModel(
    [{ name: 'in', dtype, shape: ['n', 2] }],
    [{ name: 'out', dtype, shape: ['n', 2] }],
    [{ op: 'Identity', inputs: ['in'], outputs: ['out'] }],
  );
