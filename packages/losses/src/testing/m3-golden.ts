import { gradients, input, trace, type Value } from '@rag/onnx';
import { type HostTensor, numbersOf, runGraph } from '@rag/onnx/testing';
import fixture from '../fixtures/m3-losses.json' with { type: 'json' };
import { inBatchCandidates, inBatchGroups } from '../in-batch-candidates.js';
import type { InBatchDistillationInputs } from '../in-batch-distillation.js';
import type { Loss } from '../loss.js';

/** Scores of three kinds, with losses over them as scripts/golden/m3-losses.py computes them. */
export interface M3Golden {
  readonly temperature: number;
  /** The mean over the queries. */
  readonly loss: number;
  /** By kind of scores, row-major. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const stored = fixture as unknown as {
  readonly queries: number;
  readonly group: number;
  readonly teacher: readonly number[];
  readonly scores: Readonly<Record<string, readonly number[]>>;
  readonly losses: Readonly<Record<string, M3Golden>>;
};

export const m3Losses = stored.losses;

const { queries, group } = stored;
const columns = queries * group;

/** Scores of a kind as a graph's input. */
export const m3Scores = (kind: string, shape: readonly (string | number)[] = ['queries', 'candidates']) =>
  input(kind, 'float32', shape);

/** The batch as the collate functions feed it: every column is a candidate of every query. `filler`: one more query that counts nothing. */
export function m3Batch({ filler = false } = {}): Record<string, HostTensor> {
  const rows = queries + (filler ? 1 : 0);
  const examples = Array.from({ length: rows }, (_, q) => ({
    query: `q${q}`,
    positive: `p${q}`,
    negatives: Array.from({ length: group - 1 }, (_, i) => `n${q} ${i}`),
    scores:
      q < queries
        ? stored.teacher.slice(q * group, (q + 1) * group)
        : new Array<number>(group).fill(Number.NaN),
  }));
  const options = { othersPositives: true, repeated: rows - queries };
  const candidates = inBatchCandidates(examples, options);
  const own = inBatchGroups(examples, candidates);
  const all = candidates.texts.length;
  const float = (shape: readonly number[], data: Float32Array): HostTensor => ({
    dtype: 'float32',
    shape,
    data,
  });
  const int = (shape: readonly number[], data: readonly number[]): HostTensor => ({
    dtype: 'int64',
    shape,
    data: BigInt64Array.from(data, BigInt),
  });
  return {
    target: int([rows], candidates.target),
    mask: float([rows, all], candidates.mask),
    row_weight: float(
      [rows],
      Float32Array.from({ length: rows }, (_, q) => (q < queries ? 1 : 0)),
    ),
    group_index: int([rows, own.size], own.index),
    group_mask: float([rows, own.size], own.mask),
    teacher_scores: float([rows, own.size], own.scores),
    ...Object.fromEntries(
      Object.entries(stored.scores).map(([kind, values]) => [
        kind,
        float(
          [rows, all],
          Float32Array.from({ length: rows * all }, (_, at) => {
            const [q, c] = [Math.floor(at / all), at % all];
            return q < queries && c < columns ? values[q * columns + c]! : Number.NaN;
          }),
        ),
      ]),
    ),
  };
}

/** What every loss over such a batch reads but the scores. */
export const m3Inputs = {
  target: input('target', 'int64', ['queries']),
  mask: input('mask', 'float32', ['queries', 'candidates']),
  row_weight: input('row_weight', 'float32', ['queries']),
  group_index: input('group_index', 'int64', ['queries', 'size']),
  group_mask: input('group_mask', 'float32', ['queries', 'size']),
  teacher_scores: input('teacher_scores', 'float32', ['queries', 'size']),
} satisfies Omit<InBatchDistillationInputs, 'scores'>;

/** The mean loss of a batch, its weight, and its gradients by these kinds of scores at the golden places. */
export async function m3Result(
  batch: Readonly<Record<string, HostTensor>>,
  loss: (inputs: Readonly<Record<string, Value>>) => Loss,
  kinds: readonly string[],
): Promise<{ loss: number; weight: number; gradients: Record<string, number[]> }> {
  const shapes: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(
      Object.entries(m3Inputs).map(([name, { shape }]) => [name, shape as readonly string[]]),
    ),
    ...Object.fromEntries(kinds.map((kind) => [kind, ['queries', 'candidates']])),
  };
  const fed = Object.keys(batch).filter(
    (name) => Object.hasOwn(shapes, name) || batch[name]!.shape.length === 0,
  );
  const types = Object.fromEntries(
    fed.map((name) => [name, { dtype: batch[name]!.dtype, shape: shapes[name] ?? [] }]),
  );
  const graph = trace(types, (values) => {
    const { sum, weight } = loss(values);
    const by = gradients(
      sum,
      kinds.map((kind) => values[kind]!),
    );
    return { sum, weight, ...Object.fromEntries(kinds.map((kind, at) => [`by ${kind}`, by[at]!])) };
  });
  const results = await runGraph(graph, Object.fromEntries(fed.map((name) => [name, batch[name]!])));
  const weight = numbersOf(results.weight!)[0]!;
  const all = batch.mask!.shape[1]!;
  const real = (values: readonly number[]) =>
    values.flatMap((value, at) =>
      Math.floor(at / all) < queries && at % all < columns ? [value / weight] : [],
    );
  return {
    loss: numbersOf(results.sum!)[0]! / weight,
    weight,
    gradients: Object.fromEntries(kinds.map((kind) => [kind, real(numbersOf(results[`by ${kind}`]!))])),
  };
}

/** The largest distance of two lists as a share of the largest expected number. */
export function worstShare(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...got.map((x, at) => Math.abs(x - expected[at]!))) / scale;
}
