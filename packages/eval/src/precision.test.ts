import { expect, it } from 'vitest';
import { precision } from './precision.js';
import { rank, rankTied } from './ranking.js';

it('is the share of the first k places that are relevant', () => {
  const ranking = rank({ scores: [5, 4, 3, 2, 1], relevance: [1, 0, 2, 0, 1] });
  expect(precision(ranking, 1)).toBe(1);
  expect(precision(ranking, 2)).toBe(0.5);
  expect(precision(ranking, 5)).toBe(0.6);
});

it('divides by k even when fewer passages were ranked', () => {
  expect(precision(rank({ scores: [2, 1], relevance: [1, 1] }), 10)).toBe(0.2);
});

it('of tied places is the share of relevant passages', () => {
  expect(precision(rankTied([1, 0, 0, 0]), 2)).toBe(0.25);
});

it('needs a cut-off', () => {
  expect(() => precision(rankTied([1]), Number.POSITIVE_INFINITY)).toThrow('write for example precision@10');
});
