import { expect, test } from 'vitest';
import { formatEvaluation } from './format-evaluation.js';

const system = (name: string, mean: number) => ({
  name,
  run: new Map(),
  evaluation: {
    means: {},
    perQuery: {},
    queryIds: [],
    unjudgedQueries: [],
    withoutResults: [],
    withoutRelevant: [],
  },
  intervals: { 'ndcg@10': { mean, low: mean - 0.1, high: mean + 0.1 } },
});

test('everything that can be said', () => {
  const text = formatEvaluation({
    queries: 1200,
    documents: 5_000_000,
    systems: [system('model', 0.5), system('BM25', 0.4)] as never,
    difference: { 'ndcg@10': { difference: 0.1, low: -0.05, high: 0.25, superiority: 0.9, pValue: 0.1 } },
    byWidth: [system('64 elements', 0.3)] as never,
    similarity: [{ name: 'model', evaluation: { spearman: 0.75, pearson: 0.5, pairs: 1000 } }],
    notes: ['note'],
  });
  expect(text.split('\n')).toEqual([
    '1,200 queries over 5,000,000 documents',
    'note',
    '       ndcg@10',
    'model  0.500 [0.400, 0.600]',
    'BM25   0.400 [0.300, 0.500]',
    'model − BM25: ndcg@10 +0.100 [-0.050, 0.250]',
    'by width:',
    '             ndcg@10',
    '64 elements  0.300 [0.200, 0.400]',
    'model: Spearman 0.750, Pearson 0.500 over 1,000 scored pairs',
  ]);
});
