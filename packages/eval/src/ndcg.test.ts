import { expect, it } from 'vitest';
import { ndcg } from './ndcg.js';
import { rank, rankTied } from './ranking.js';

const log2 = Math.log2;
const graded = rank({ scores: [4, 3, 2, 1], relevance: [3, 0, 2, 1] });

it('is discounted linear gain over the ideal order', () => {
  const dcg = 3 + 2 / log2(4) + 1 / log2(5);
  expect(ndcg(graded)).toBeCloseTo(dcg / (3 + 2 / log2(3) + 1 / log2(4)), 15);
  expect(ndcg(graded)).toBeCloseTo(0.930_45, 5);
});

it('cuts the ranking and the ideal order at k', () => {
  expect(ndcg(graded, 1)).toBe(1);
  expect(ndcg(graded, 2)).toBeCloseTo(3 / (3 + 2 / log2(3)), 15);
});

it('takes exponential gains when asked, which agree on binary grades', () => {
  expect(ndcg(graded, 2, 'exponential')).toBeCloseTo(7 / (7 + 3 / log2(3)), 15);
  const binary = rank({ scores: [3, 2, 1], relevance: [0, 1, 1] });
  expect(ndcg(binary, 3, 'exponential')).toBe(ndcg(binary, 3));
});

it('puts grades that were never returned into the ideal order', () => {
  expect(ndcg(rank({ scores: [1], relevance: [1], missing: [3] }))).toBeCloseTo(1 / (3 + 1 / log2(3)), 15);
});

it('gives tied places the mean gain', () => {
  expect(ndcg(rankTied([1, 0]))).toBeCloseTo((1 + 1 / log2(3)) / 2, 15);
});

it('is 0 when nothing is relevant', () => {
  expect(ndcg(rankTied([0, 0]))).toBe(0);
});
