import { expect, test, vi } from 'vitest';
import { type LateInteraction, scorePairs } from './score-pairs.js';

/** Texts are numbers, a pair scores their product. */
function model() {
  const vectors = (texts: readonly string[]) =>
    texts.map((text) => ({ data: Float32Array.of(Number(text)), tokens: 1, dim: 1 }));
  return {
    encodeQueries: vi.fn(async (texts: readonly string[]) => vectors(texts)),
    encodePassages: vi.fn(async (texts: readonly string[]) => vectors(texts)),
    scoreVectors: vi.fn(async (queries, passages) =>
      Float64Array.from(
        queries.flatMap((q: { data: Float32Array }) =>
          passages.map((p: { data: Float32Array }) => q.data[0]! * p.data[0]!),
        ),
      ),
    ),
  } satisfies LateInteraction;
}

test('windows of pairs: each text is encoded once in each, scores come in the order of the pairs', async () => {
  const { encodeQueries, encodePassages, scoreVectors } = model();
  const pairs = [
    ['2', '3'],
    ['5', '7'],
    ['2', '7'],
    ['2', '3'],
    ['5', '11'],
  ] as const;
  const onProgress = vi.fn();
  const scores = await scorePairs(
    { encodeQueries, encodePassages, scoreVectors },
    pairs,
    { onProgress, queryLength: 9, passageLength: 8, poolFactor: 2, batchSize: 4 },
    3,
  );
  expect(scores).toEqual([6, 35, 14, 6, 55]);
  expect(encodePassages.mock.calls).toEqual([
    [['3', '7'], { batchSize: 4, poolFactor: 2, maxLength: 8 }],
    [['3', '11'], { batchSize: 4, poolFactor: 2, maxLength: 8 }],
  ]);
  expect(encodeQueries.mock.calls).toEqual([
    [['2', '5'], { batchSize: 4, maxLength: 9 }],
    [['2', '5'], { batchSize: 4, maxLength: 9 }],
  ]);
  expect(onProgress.mock.calls).toEqual([
    [3, 5],
    [5, 5],
  ]);
  expect(await scorePairs(model(), [], {})).toEqual([]);
});
