import type { HostTensor } from '@rag/onnx/testing';
import fixture from '../fixtures/losses.json' with { type: 'json' };

interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What PyTorch computed for one loss and case. */
export interface Golden {
  readonly sum: number;
  readonly weight: number;
  /** By the logits, row-major. */
  readonly gradient: readonly number[];
}

/** A case's inputs by name, float32. */
export type Inputs = Readonly<Record<string, HostTensor>>;

/** Cases and results, written by scripts/golden/losses.py. */
const stored = fixture as {
  readonly cases: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, StoredTensor>>>>>>;
  readonly losses: Readonly<Record<string, Readonly<Record<string, Golden>>>>;
};

const float32 = ({ shape, data }: StoredTensor): HostTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

/** The cases of a loss: name, inputs, and what PyTorch makes of them. */
export function goldenCases(kind: 'pointwise' | 'group', loss: string): [string, Inputs, Golden][] {
  const golden = stored.losses[loss];
  if (!golden)
    throw new Error(`${loss}: expected golden numbers, got none — add it to scripts/golden/losses.py`);
  return Object.entries(stored.cases[kind]!).map(([name, inputs]) => [
    name,
    Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, float32(x)])),
    golden[name]!,
  ]);
}

/** Rows (or groups) from `start` to `end` of every input. */
export function rowsOf(inputs: Inputs, start: number, end: number): Inputs {
  return mapInputs(inputs, ({ shape, data }) => {
    const width = data.length / shape[0]!;
    return {
      dtype: 'float32',
      shape: [end - start, ...shape.slice(1)],
      data: Float32Array.from((data as Float32Array).subarray(start * width, end * width)),
    };
  });
}

/**
 * The inputs with two more rows, and where there are groups one more column, of filler: mask (or row_weight) 0 and NaN
 * in everything else.
 */
export function withFiller(inputs: Inputs): Inputs {
  const masked = 'mask' in inputs ? inputs : { ...inputs, row_weight: inputs.row_weight ?? onesLike(inputs) };
  return mapInputs(masked, ({ shape, data }, name) => {
    const filler = name === 'mask' || name === 'row_weight' ? 0 : Number.NaN;
    const [rows, ...columns] = shape as [number, ...number[]];
    const wide = [rows + 2, ...columns.map((size) => size + 1)];
    const width = wide[1] ?? 1;
    const size = columns[0] ?? 1;
    return {
      dtype: 'float32',
      shape: wide,
      data: Float32Array.from({ length: wide[0]! * width }, (_, at) => {
        const [row, column] = [Math.floor(at / width), at % width];
        return row < rows && column < size ? Number(data[row * size + column]) : filler;
      }),
    };
  });
}

/** The part of a result of `withFiller` inputs that belongs to the original rows and columns, and the rest. */
export function splitFiller(values: readonly number[], inputs: Inputs): { real: number[]; filler: number[] } {
  const [rows, size] = inputs.logits!.shape as [number, number | undefined];
  const width = size === undefined ? 1 : size + 1;
  const isReal = (at: number) => Math.floor(at / width) < rows && at % width < (size ?? 1);
  return { real: values.filter((_, at) => isReal(at)), filler: values.filter((_, at) => !isReal(at)) };
}

const onesLike = (inputs: Inputs): HostTensor => {
  const { shape, data } = inputs.logits!;
  return { dtype: 'float32', shape, data: new Float32Array(data.length).fill(1) };
};

const mapInputs = (inputs: Inputs, change: (x: HostTensor, name: string) => HostTensor): Inputs =>
  Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, change(x, name)]));
