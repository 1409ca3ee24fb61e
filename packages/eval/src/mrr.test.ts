import { expect, it } from 'vitest';
import { mrr } from './mrr.js';
import { rank, rankTied } from './ranking.js';

it('is one over the rank of the first relevant passage', () => {
  expect(mrr(rank({ scores: [3, 2, 1], relevance: [1, 0, 1] }))).toBe(1);
  expect(mrr(rank({ scores: [1, 2, 3], relevance: [1, 0, 0] }))).toBeCloseTo(1 / 3, 15);
  expect(mrr(rank({ scores: [3, 2, 1], relevance: [0, 2, 1] }))).toBe(0.5);
});

it('is 0 when the first relevant passage lies beyond k', () => {
  const third = rank({ scores: [3, 2, 1], relevance: [0, 0, 1] });
  expect(mrr(third, 2)).toBe(0);
  expect(mrr(third, 3)).toBeCloseTo(1 / 3, 15);
});

it('averages over tied places: one relevant of three tied gives (1 + 1/2 + 1/3) / 3', () => {
  expect(mrr(rankTied([1, 0, 0]))).toBeCloseTo(11 / 18, 15);
  expect(mrr(rankTied([1, 0, 0]), 2)).toBeCloseTo(1 / 2, 15);
  // Two relevant of three: first at place 1 in 2/3 of the orders, at place 2 in 1/3.
  expect(mrr(rankTied([1, 0, 1]))).toBeCloseTo(2 / 3 + 1 / 6, 15);
});

it('refuses a cut-off that is no rank', () => {
  for (const k of [0, -1, 2.5, Number.NaN]) {
    expect(() => mrr(rankTied([1]), k)).toThrow(`mrr: k expected a positive integer of ranks, got ${k}`);
  }
});
