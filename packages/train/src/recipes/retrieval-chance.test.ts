import { chance } from '@rag/eval';
import { expect, test } from 'vitest';
import { retrievalChance } from './retrieval-chance.js';

const judged = (...relevant: number[]) =>
  new Map(
    relevant.map((count, q) => [`q${q}`, new Map(Array.from({ length: count }, (_, p) => [`${p}`, 1]))]),
  );

test('one relevant of two and of four passages', () => {
  // (1 + 1/2) / 2, and (1 + 1/2) / 4 where the first two ranks count.
  expect(retrievalChance(judged(1), 2, ['mrr@10'])['mrr@10']).toBeCloseTo(0.75, 12);
  expect(retrievalChance(judged(1), 4, ['mrr@2'])['mrr@2']).toBeCloseTo(0.375, 12);
  expect(retrievalChance(judged(1, 1, 1), 50, ['recall@10'])['recall@10']).toBeCloseTo(0.2, 12);
});

test('equals the mean of rerankers’ chance over the same passages', () => {
  const metrics = ['mrr@10', 'ndcg@10', 'recall@10'] as const;
  const queries = [1, 3, 3].map((count) => ({
    relevance: Array.from({ length: 20 }, (_, p) => Number(p < count)),
  }));
  const expected = chance(queries, metrics, { resamples: 100 });
  const found = retrievalChance(judged(1, 3, 3), 20, metrics);
  for (const name of metrics) expect(found[name]).toBeCloseTo(expected[name].mean, 12);
});
