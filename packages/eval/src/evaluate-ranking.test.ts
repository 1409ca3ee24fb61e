import { expect, it } from 'vitest';
import { evaluateRanking } from './evaluate-ranking.js';

const good = { scores: [2, 1], relevance: [1, 0] };
const bad = { scores: [1, 2], relevance: [1, 0] };
const empty = { scores: [1, 2], relevance: [0, 0] };

it('returns values per query and their means', () => {
  const result = evaluateRanking([good, bad, good], ['mrr@10', 'recall@1']);
  expect(result.perQuery).toEqual({ 'mrr@10': [1, 0.5, 1], 'recall@1': [1, 0, 1] });
  expect(result.means['mrr@10']).toBeCloseTo(2.5 / 3, 15);
  expect(result.means['recall@1']).toBeCloseTo(2 / 3, 15);
  expect(result).toMatchObject({ queries: 3, leftOut: [] });
});

it('names a query without a positive, or leaves it out and lists it', () => {
  expect(() => evaluateRanking([good, empty], ['mrr'])).toThrow(
    'queries[1]: expected at least one relevance grade above 0, got none',
  );
  const result = evaluateRanking([empty, good, empty, bad], ['mrr'], { withoutPositive: 'leave-out' });
  expect(result).toMatchObject({
    means: { mrr: 0.75 },
    perQuery: { mrr: [1, 0.5] },
    queries: 2,
    leftOut: [0, 2],
  });
});

it('counts a query whose only positive was not returned', () => {
  expect(evaluateRanking([{ ...empty, missing: [1] }], ['mrr', 'map', 'ndcg']).means).toEqual({
    mrr: 0,
    map: 0,
    ndcg: 0,
  });
});

it('refuses to average over nothing', () => {
  expect(() => evaluateRanking([], ['mrr'])).toThrow(
    'expected at least one query with a relevant passage, got 0 queries',
  );
  expect(() => evaluateRanking([empty], ['mrr'], { withoutPositive: 'leave-out' })).toThrow(
    'got 1 queries and none',
  );
});

it('names the query in errors of its input', () => {
  expect(() => evaluateRanking([good, { scores: [Number.NaN], relevance: [1] }], ['mrr'])).toThrow(
    'queries[1]: scores[0] expected a number, got NaN',
  );
});
