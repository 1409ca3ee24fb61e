import { expect, it } from 'vitest';
import { chance } from './chance.js';
import { evaluateRanking } from './evaluate-ranking.js';
import { seededRandom } from './random.js';

const queries = Array.from({ length: 40 }, (_, i) => ({
  relevance: Array.from({ length: 10 + (i % 5) }, (_, j) => Number(j <= i % 3)),
}));

it('has a closed-form mean: MRR of one relevant among n is the mean of 1/1 … 1/n', () => {
  const { mrr } = chance([{ relevance: [1, 0, 0, 0] }, { relevance: [0, 0, 0, 1] }], ['mrr']);
  expect(mrr.mean).toBeCloseTo((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 15);
});

it('brackets its exact mean, and the interval narrows as 1/√queries', () => {
  const few = chance(queries, ['mrr@10', 'ndcg@10', 'map'], { resamples: 1_000 });
  const many = chance([...queries, ...queries, ...queries, ...queries], ['mrr@10'], { resamples: 1_000 });
  for (const { mean, low, high } of Object.values(few)) {
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
  }
  const width = (interval: { low: number; high: number }) => interval.high - interval.low;
  expect(width(few['mrr@10']) / width(many['mrr@10'])).toBeGreaterThan(1.7);
  expect(width(few['mrr@10']) / width(many['mrr@10'])).toBeLessThan(2.3);
});

it('holds random scorers about as often as it says', () => {
  const { 'mrr@10': interval } = chance(queries, ['mrr@10']);
  let inside = 0;
  for (let trial = 0; trial < 400; trial++) {
    const random = seededRandom(trial);
    const scored = queries.map(({ relevance }) => ({ relevance, scores: relevance.map(() => random()) }));
    const value = evaluateRanking(scored, ['mrr@10']).means['mrr@10'];
    if (interval.low <= value && value <= interval.high) inside++;
  }
  expect(inside / 400).toBeGreaterThan(0.91);
  expect(inside / 400).toBeLessThan(0.985);
});

it('refuses a query without a positive', () => {
  expect(() => chance([{ relevance: [0, 0] }], ['mrr'])).toThrow(
    'queries[0]: expected at least one relevance grade above 0',
  );
});
