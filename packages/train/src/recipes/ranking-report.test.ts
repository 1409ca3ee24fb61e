import { expect, test } from 'vitest';
import { chanceOf, compareReports, reportBm25, reportModel, reportScores } from './ranking-report.js';

const queries = [
  { query: 'moon', passages: ['the sun', 'the moon'], relevance: [0, 1] },
  { query: 'cat', passages: ['a cat', 'a dog', 'a fox'], relevance: [1, 0, 0] },
];

test('scores become metrics per query, with intervals', () => {
  const { perQuery, metrics } = reportScores(queries, [
    [1, 0],
    [0.9, 0.5, 0.1],
  ]);
  expect(perQuery['mrr@10']).toEqual([0.5, 1]);
  expect(perQuery.map).toEqual([0.5, 1]);
  expect(metrics['mrr@10']).toMatchObject({ mean: 0.75, low: 0.5, high: 1 });
});

test('a model scores every pair in one call, in the order of the passages', async () => {
  const asked: unknown[] = [];
  const model = {
    computeScore: async (pairs: readonly (readonly [string, string])[], options: unknown) => {
      asked.push(pairs.length, options);
      return pairs.map(([query, passage]) => (passage.includes(query) ? 1 : 0));
    },
  };
  const { metrics } = await reportModel(model as never, queries, { batchSize: 2 });
  expect(asked).toEqual([5, { batchSize: 2 }]);
  expect(metrics['mrr@10'].mean).toBe(1);
});

test('words and chance stand beside it', () => {
  expect(reportBm25(queries).metrics['mrr@10'].mean).toBe(1);
  expect(chanceOf(queries)['mrr@10'].mean).toBeCloseTo((3 / 4 + 11 / 18) / 2, 12);
});

test('differences are paired by query', () => {
  const worse = reportScores(queries, [
    [1, 0],
    [0, 1, 2],
  ]);
  const better = reportScores(queries, [
    [0, 1],
    [2, 1, 0],
  ]);
  const difference = compareReports(worse, better);
  expect(difference['mrr@10'].difference).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12);
});
