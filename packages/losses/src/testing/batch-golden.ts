import type { HostTensor } from '@rag/onnx/testing';
import fixture from '../fixtures/batch-losses.json' with { type: 'json' };

interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What PyTorch computed for one loss over a batch and case. */
export interface BatchGolden {
  readonly sum: number;
  readonly weight: number;
  /** By input, row-major. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** A case's inputs by name: float32, but for an int64 target. */
export type BatchInputs = Readonly<Record<string, HostTensor>>;

/** The kinds of inputs of the losses over a batch. */
export type BatchKind = 'inBatch' | 'guided' | 'scored' | 'vectors' | 'distil' | 'embedded';

/** Cases and results, written by scripts/golden/batch-losses.py. */
const stored = fixture as unknown as {
  readonly cases: Readonly<
    Record<BatchKind, Readonly<Record<string, Readonly<Record<string, StoredTensor>>>>>
  >;
  readonly losses: Readonly<Record<string, Readonly<Record<string, BatchGolden>>>>;
};

const given = (name: string, { shape, data }: StoredTensor): HostTensor =>
  name === 'target'
    ? { dtype: 'int64', shape, data: BigInt64Array.from(data, BigInt) }
    : { dtype: 'float32', shape, data: Float32Array.from(data) };

/** The cases of a loss: name, inputs, and what PyTorch makes of them. */
export function batchCases(kind: BatchKind, loss: string): [string, BatchInputs, BatchGolden][] {
  const golden = stored.losses[loss];
  if (!golden)
    throw new Error(`${loss}: expected golden numbers, got none — add it to scripts/golden/batch-losses.py`);
  return Object.entries(stored.cases[kind]).map(([name, inputs]) => [
    name,
    Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, given(key, x)])),
    golden[name]!,
  ]);
}

/**
 * The inputs with two more rows of filler, and one more candidate where rows are compared with candidates: row_weight
 * and mask 0, NaN in everything else, the first column as target. Vectors whose products are the scores stay finite.
 */
export function withBatchFiller(inputs: BatchInputs): BatchInputs {
  const rows = (inputs.target ?? inputs.labels ?? inputs.student)!.shape[0]!;
  const ones: HostTensor = { dtype: 'float32', shape: [rows], data: new Float32Array(rows).fill(1) };
  return Object.fromEntries(
    Object.entries({ row_weight: ones, ...inputs }).map(([name, x]) => [name, padded(name, x)]),
  );
}

const perCandidate = new Set(['scores', 'guide', 'mask']);

function padded(name: string, { dtype, shape, data }: HostTensor): HostTensor {
  if (name === 'target')
    return { dtype, shape: [shape[0]! + 2], data: BigInt64Array.of(...(data as BigInt64Array), 0n, 0n) };
  const [rows, size = 1] = shape as [number, number?];
  const wide = shape.length === 2 && perCandidate.has(name) ? size + 1 : size;
  const finite = name === 'query' || name === 'passage';
  const filler = name === 'mask' || name === 'row_weight' ? 0 : finite ? 1e-3 : Number.NaN;
  const more = name === 'passage' ? 1 : 2;
  return {
    dtype,
    shape: shape.length === 1 ? [rows + more] : [rows + more, wide],
    data: Float32Array.from({ length: (rows + more) * wide }, (_, at) => {
      const [row, column] = [Math.floor(at / wide), at % wide];
      return row < rows && column < size ? Number(data[row * size + column]) : filler;
    }),
  };
}
