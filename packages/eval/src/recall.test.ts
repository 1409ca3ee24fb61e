import { expect, it } from 'vitest';
import { rank, rankTied } from './ranking.js';
import { recall, relevantWithin } from './recall.js';

const ranking = rank({ scores: [5, 4, 3, 2, 1], relevance: [1, 0, 1, 0, 1] });

it('is the share of relevant passages found among the first k', () => {
  expect(recall(ranking, 1)).toBeCloseTo(1 / 3, 15);
  expect(recall(ranking, 3)).toBeCloseTo(2 / 3, 15);
  expect(recall(ranking, 5)).toBe(1);
});

it('counts relevant passages that were never returned', () => {
  expect(recall(rank({ scores: [2, 1], relevance: [1, 0], missing: [1, 1, 0, 2] }), 10)).toBe(1 / 4);
});

it('cuts a group of ties in proportion', () => {
  expect(relevantWithin(rankTied([1, 1, 0, 0]), 1)).toBe(0.5);
  expect(recall(rankTied([1, 1, 0, 0]), 3)).toBe(0.75);
});

it('is 0 when nothing is relevant', () => {
  expect(recall(rankTied([0, 0]), 1)).toBe(0);
});
