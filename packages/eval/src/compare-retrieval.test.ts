import { expect, it } from 'vitest';
import { bootstrapMean, pairedBootstrap } from './bootstrap.js';
import { compareRetrieval, retrievalIntervals } from './compare-retrieval.js';

const queryIds = ['a', 'b', 'c'];
const before = { queryIds, perQuery: { mrr: [0, 0.5, 1], 'ndcg@10': [0, 0, 0.3] } };
const after = { queryIds: [...queryIds], perQuery: { mrr: [1, 0.5, 1], 'ndcg@10': [0.2, 0.3, 0.3] } };

it('gives each metric its interval and its difference', () => {
  const options = { seed: 3, resamples: 200 };
  const intervals = retrievalIntervals(before, options);
  expect(intervals).toEqual({
    mrr: bootstrapMean([0, 0.5, 1], options),
    'ndcg@10': bootstrapMean([0, 0, 0.3], options),
  });
  const differences = compareRetrieval(before, after, options);
  expect(Object.keys(differences)).toEqual(['mrr', 'ndcg@10']);
  expect(differences.mrr).toEqual(pairedBootstrap([0, 0.5, 1], [1, 0.5, 1], options));
  expect(differences.mrr.difference).toBeCloseTo(1 / 3, 15);
});

it('compares the same queries by the same metrics only', () => {
  expect(() => compareRetrieval(before, { ...after, queryIds: ['a', 'c', 'b'] })).toThrow(
    'query 1 expected the same id in both, got "b" and "c"',
  );
  expect(() => compareRetrieval(before, { ...after, queryIds: ['a', 'b'] })).toThrow('"c" and "undefined"');
  const { mrr } = after.perQuery;
  const lacking = { queryIds, perQuery: { mrr } } as typeof after;
  expect(() => compareRetrieval(before, lacking)).toThrow('expected ndcg@10 in both, got it only before');
});
