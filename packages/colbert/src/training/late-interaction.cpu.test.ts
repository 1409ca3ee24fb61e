import { constant, gradients, graphOf, input, mul, reduceSum, type Value } from '@rag/onnx';
import { floats, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { crossScores, listScores } from './late-interaction.js';

const [tokens, dim] = [9, 3];
const vectors = floats([tokens, dim], 5);
const row = (i: number) => Array.from(vectors.data as Float64Array).slice(i * dim, (i + 1) * dim);
/** Σ weight · max over the rows of a passage, in plain loops. */
const maxSim = (query: readonly (readonly [row: number, weight: number])[], passage: readonly number[]) =>
  query.reduce((sum, [q, weight]) => {
    const products = passage.map((p) => row(q).reduce((dot, x, axis) => dot + x * row(p)[axis]!, 0));
    return sum + weight * Math.max(...products);
  }, 0);

const int64 = (values: readonly number[], shape: readonly number[]) => tensor(values, 'int64', shape);
const float64 = (values: readonly number[], shape: readonly number[]) => tensor(values, 'float64', shape);

/** Scores, and the gradient of their squares' sum by the vectors. */
async function run(
  score: (
    vectors: Value,
    index: { query_index: Value; query_weight: Value; candidate_index: Value },
  ) => Value,
  index: Record<'query_index' | 'query_weight' | 'candidate_index', ReturnType<typeof int64>>,
) {
  const v = input('vectors', 'float64', [tokens, dim]);
  const names = ['query_index', 'query_weight', 'candidate_index'] as const;
  const declared = names.map((name) =>
    input(name, index[name].dtype as 'int64' | 'float64', index[name].shape),
  );
  const inputs = Object.fromEntries(names.map((name, i) => [name, declared[i]!]));
  const scores = score(v, inputs as Record<(typeof names)[number], Value>);
  const [gradient] = gradients(reduceSum(mul(scores, scores)), [v]);
  const graph = graphOf([v, ...declared], { scores, gradient: gradient! });
  const out = await runGraph(graph, { vectors, ...index });
  const numbers = (name: string) => Array.from(out[name]!.data as Float64Array);
  return { shape: out.scores!.shape, scores: numbers('scores'), gradient: numbers('gradient') };
}
const expectClose = (ours: readonly number[], theirs: readonly number[]) => {
  expect(ours).toHaveLength(theirs.length);
  for (const [i, value] of ours.entries()) expect(value).toBeCloseTo(theirs[i]!, 10);
};

const cross = (candidates: readonly number[][]) => ({
  query_index: int64([0, 1, 2, 8], [4]),
  query_weight: float64([0.5, 0.5, 0, 0, 0, 0, 1, 0], [2, 4]),
  candidate_index: int64(candidates.flat(), [candidates.length, candidates[0]!.length]),
});

test('every query meets every candidate', async () => {
  const { shape, scores } = await run(
    crossScores,
    cross([
      [3, 4, 5],
      [6, 7, 6],
      [1, 1, 1],
    ]),
  );
  expect(shape).toEqual([2, 3]);
  const passages = [[3, 4, 5], [6, 7], [1]];
  const queries = [
    [
      [0, 0.5],
      [1, 0.5],
    ] as const,
    [[2, 1]] as const,
  ];
  expectClose(
    scores,
    queries.flatMap((query) => passages.map((passage) => maxSim(query, passage))),
  );
});

test('rows repeated as filler change neither scores nor gradients', async () => {
  const short = await run(
    crossScores,
    cross([
      [3, 4],
      [6, 7],
    ]),
  );
  const long = await run(
    crossScores,
    cross([
      [3, 4, 3, 3, 3],
      [6, 7, 6, 6, 6],
    ]),
  );
  expectClose(long.scores, short.scores);
  expectClose(long.gradient, short.gradient);
  expect(Math.max(...short.gradient.map(Math.abs))).toBeGreaterThan(0.01);
});

test('lists meet their own query', async () => {
  const { shape, scores, gradient } = await run(listScores, {
    query_index: int64([0, 1, 2, 8], [2, 2]),
    query_weight: float64([0.5, 0.5, 1, 0], [2, 2]),
    candidate_index: int64([3, 4, 6, 6, 5, 7, 8, 8], [2, 2, 2]),
  });
  expect(shape).toEqual([2, 2]);
  const first = [
    [0, 0.5],
    [1, 0.5],
  ] as const;
  const second = [[2, 1]] as const;
  expectClose(scores, [
    maxSim(first, [3, 4]),
    maxSim(first, [6]),
    maxSim(second, [5, 7]),
    maxSim(second, [8]),
  ]);
  // The same through the other formula: what a query scores with another's list is left out.
  const own = constant([1, 1, 0, 0, 0, 0, 1, 1], 'float64', [2, 4]);
  const rows = [
    [3, 4],
    [6, 6],
    [5, 7],
    [8, 8],
  ];
  const both = await run((v, index) => mul(crossScores(v, index), own), cross(rows));
  expectClose(gradient, both.gradient);
});
