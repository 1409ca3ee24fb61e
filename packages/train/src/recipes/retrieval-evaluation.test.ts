import { expect, test } from 'vitest';
import {
  bestOf,
  bm25Hits,
  type Findings,
  formatSystems,
  retrievalEvaluator,
} from './retrieval-evaluation.js';
import type { RetrievalRows } from './retrieval-rows.js';

const rows: RetrievalRows = {
  queries: ['moon', 'cat'],
  passages: ['the sun', 'the moon', 'a cat', 'a dog'],
  qrels: new Map([
    ['0', new Map([['1', 1]])],
    ['1', new Map([['2', 1]])],
  ]),
  pairs: [],
  fingerprint: 'abc',
};
const found = (...documents: number[]) => ({
  documents: Uint32Array.from(documents),
  scores: Float32Array.from(documents, (_, i) => 1 - i / 10),
});
const findings: Record<string, Findings> = {
  bad: { hits: [found(0, 1), found(3, 2)], similarities: [] },
  good: { hits: [found(1, 0), found(2, 3)], similarities: [], curve: [{ dim: 8, 'ndcg@10': 0.5 }] },
};

test('before, between and after, beside words', async () => {
  const evaluator = retrievalEvaluator(rows, async (model: string) => findings[model]!);
  expect(await evaluator.before('bad')).toContain('before  0.500');
  expect(await evaluator.epoch('bad', 0)).toContain('epoch 0  0.500');
  const table = await evaluator.after('good');
  expect(table).toMatch(/\nafter {3}1\.000/);
  expect(table).toContain('after: ndcg@10 by width 8: 0.500');
  expect(table).toMatch(/\nafter − before: mrr@10 \+0\.500/);
  const { before, after, difference, bm25, epochs } = evaluator.result();
  expect([before.metrics!['mrr@10'].mean, after.metrics!['mrr@10'].mean]).toEqual([0.5, 1]);
  expect(difference!['mrr@10'].difference).toBe(0.5);
  expect(bm25!['mrr@10'].mean).toBe(1);
  expect(epochs).toHaveLength(1);
  expect(evaluator.rows).toEqual({ fingerprint: 'abc', queries: 2, passages: 4, pairs: 0 });
});

test('words find what shares them and nothing else', () => {
  expect(bm25Hits(rows).map(({ documents }) => [...documents])).toEqual([[1], [2]]);
});

test('the best come first, equal ones in their order, a hundred at most', () => {
  expect([...bestOf(Float64Array.of(1, 3, 3, 2)).documents]).toEqual([1, 2, 3, 0]);
  expect(bestOf(new Float64Array(500)).documents).toHaveLength(100);
});

test('correlations have a line each', () => {
  const similarity = { spearman: 0.5, pearson: 0.4, pairs: 12 };
  expect(formatSystems([['after', { similarity }]])).toBe('after: Spearman 0.500 over 12 pairs');
});
