import { afterAll, expect, test } from 'vitest';
import { openMaxSim } from './max-sim.js';
import { packVectors, type TokenVectors } from './token-vectors.js';

const DIM = 24;
const maxSim = await openMaxSim(DIM, { provider: 'cpu' });
afterAll(() => maxSim.dispose());

/** Numbers in [−1, 1) by a linear congruence. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function vectors(tokens: number, seed: number, shift = 0): TokenVectors {
  const next = random(seed);
  const data = new Float32Array(tokens * DIM);
  for (let row = 0; row < tokens; row++) {
    const values = Array.from({ length: DIM }, () => next() + shift);
    const norm = Math.hypot(...values);
    data.set(
      values.map((value) => value / norm),
      row * DIM,
    );
  }
  return { data, tokens, dim: DIM };
}

/** The definition, in float64. */
function reference(query: TokenVectors, passage: TokenVectors): number {
  let sum = 0;
  for (let q = 0; q < query.tokens; q++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < passage.tokens; p++) {
      let product = 0;
      for (let i = 0; i < DIM; i++) product += query.data[q * DIM + i]! * passage.data[p * DIM + i]!;
      best = Math.max(best, product);
    }
    sum += best;
  }
  return sum;
}

const furthest = (
  scores: Float64Array,
  queries: readonly TokenVectors[],
  passages: readonly TokenVectors[],
) =>
  Math.max(
    ...queries.flatMap((query, i) =>
      passages.map((passage, j) => Math.abs(scores[i * passages.length + j]! - reference(query, passage))),
    ),
  );

const queries = [vectors(7, 1), vectors(1, 2), vectors(32, 3)];
// 11,200 tokens: two blocks of 262,144 / 40 for all queries, one passage longer than a block.
const lengths = [3, 1, 7000, 17, 512, 1, 40, 3600, 26];
const passages = lengths.map((tokens, i) => vectors(tokens, 10 + i));

test('scores are those of the definition in float64, for passages of any length across blocks', async () => {
  const scores = await maxSim.scores(queries, passages);
  expect(furthest(scores, queries, passages)).toBeLessThan(5e-6);
});

test('passages in one array, apart, together or alone score the same', async () => {
  const scores = await maxSim.scores(queries, passages);
  expect(await maxSim.scores(queries, packVectors(passages))).toEqual(scores);
  const alone = await Promise.all(
    queries.flatMap((query) => passages.map((passage) => maxSim.scores([query], [passage]))),
  );
  for (const [i, score] of scores.entries()) expect(alone[i]![0]).toBeCloseTo(score, 5);
  const reversed = await maxSim.scores(queries, packVectors(passages).reverse());
  expect(reversed[passages.length - 1]).toBeCloseTo(scores[0]!, 5);
});

test('more query vectors than are multiplied together', async () => {
  const many = Array.from({ length: 40 }, (_, i) => vectors(30, 100 + i));
  const some = passages.slice(3, 5);
  const scores = await maxSim.scores(many, some);
  expect(scores.length).toBe(80);
  expect(furthest(scores, many, some)).toBeLessThan(5e-6);
});

test('a passage unlike the query scores below zero: nothing but its own tokens enters the maximum', async () => {
  const [query, passage] = [vectors(5, 1, 4), vectors(3, 2, -4)];
  const [score] = await maxSim.scores([query], [passage, vectors(9, 3, 4)]);
  expect(score).toBeLessThan(-3);
  expect(score).toBeCloseTo(reference(query, passage), 5);
});

test('divided by the number of query vectors', async () => {
  const sums = await maxSim.scores(queries, passages.slice(0, 1));
  const means = await maxSim.scores(queries, passages.slice(0, 1), { divideByQueryLength: true });
  expect(Array.from(means)).toEqual(queries.map(({ tokens }, i) => sums[i]! / tokens));
});

test('nothing to score', async () => {
  expect(await maxSim.scores([], passages)).toEqual(new Float64Array(0));
  expect(await maxSim.scores(queries, [])).toEqual(new Float64Array(0));
});

test('a number that is none stays visible', async () => {
  const broken = vectors(3, 1);
  broken.data[DIM] = Number.NaN;
  expect(await maxSim.scores(queries.slice(0, 1), [broken])).toEqual(Float64Array.of(Number.NaN));
});

test('vectors of another width, of no tokens, after dispose, after an abort', async () => {
  const other = { data: new Float32Array(4), tokens: 1, dim: 4 };
  await expect(maxSim.scores([other], passages)).rejects.toThrow(
    'queries[0]: expected 1 × 24 elements, got 4',
  );
  const none = { data: new Float32Array(0), tokens: 0, dim: DIM };
  await expect(maxSim.scores(queries, [passages[0]!, none])).rejects.toThrow(
    'passages[1]: expected at least one vector',
  );
  const gone = await openMaxSim(DIM, { provider: 'cpu' });
  gone.dispose();
  await expect(gone.scores(queries, passages)).rejects.toThrow(/disposed/);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(maxSim.scores(queries, passages, { signal })).rejects.toThrow('enough');
});
