import { expect, it } from 'vitest';
import { hitRate } from './hit-rate.js';
import { rank, rankTied } from './ranking.js';

it('is 1 when a relevant passage is among the first k', () => {
  const second = rank({ scores: [3, 2, 1], relevance: [0, 1, 1] });
  expect(hitRate(second, 1)).toBe(0);
  expect(hitRate(second, 2)).toBe(1);
  expect(hitRate(second, 100)).toBe(1);
});

it('is the probability of a hit among tied places', () => {
  expect(hitRate(rankTied([1, 0, 0, 0]), 1)).toBeCloseTo(1 / 4, 15);
  // Two of four relevant, two places: 1 − C(2,2)/C(4,2).
  expect(hitRate(rankTied([1, 0, 1, 0]), 2)).toBeCloseTo(5 / 6, 15);
  expect(hitRate(rankTied([1, 1, 1, 0]), 2)).toBe(1);
});

it('is 0 without a relevant passage in the ranking', () => {
  expect(hitRate(rank({ scores: [1], relevance: [0], missing: [1] }), 5)).toBe(0);
});
