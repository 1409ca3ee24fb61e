import { expect, it } from 'vitest';
import { averagePrecision } from './average-precision.js';
import { rank, rankTied } from './ranking.js';

const ranking = rank({ scores: [6, 5, 4, 3, 2, 1], relevance: [1, 0, 1, 0, 0, 1] });

it('averages the precision at the ranks of relevant passages', () => {
  expect(averagePrecision(ranking)).toBeCloseTo((1 / 1 + 2 / 3 + 3 / 6) / 3, 15);
});

it('at k still divides by all relevant passages', () => {
  expect(averagePrecision(ranking, 3)).toBeCloseTo((1 / 1 + 2 / 3) / 3, 15);
  expect(averagePrecision(ranking, 1)).toBeCloseTo(1 / 3, 15);
});

it('counts a relevant passage that was never returned as precision 0', () => {
  expect(averagePrecision(rank({ scores: [2, 1], relevance: [1, 0], missing: [1] }))).toBe(0.5);
});

it('averages over tied places: one relevant of two tied gives (1 + 1/2) / 2', () => {
  expect(averagePrecision(rankTied([1, 0]))).toBe(0.75);
  // Two of three: orders 110, 101, 011 give 1, 5/6, 7/12.
  expect(averagePrecision(rankTied([0, 1, 1]))).toBeCloseTo((1 + 5 / 6 + 7 / 12) / 3, 15);
});
