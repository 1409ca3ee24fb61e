import type { Hits } from '@rag/eval';
import { expect, test } from 'vitest';
import type { Retriever } from '../evaluate/retriever.js';
import { formatSystems, retrievalEvaluator } from './retrieval-evaluation.js';
import type { RetrievalRows } from './retrieval-rows.js';

const rows: RetrievalRows = {
  queries: ['moon', 'cat', 'not judged'],
  passages: ['the sun', 'the moon', 'a cat', 'a dog'],
  qrels: new Map([
    ['0', new Map([['1', 1]])],
    ['1', new Map([['2', 1]])],
  ]),
  pairs: [],
  fingerprint: 'abc',
};
const found = (...documents: number[]): Hits => ({
  documents: Uint32Array.from(documents),
  scores: Float32Array.from(documents, (_, i) => 1 - i / 10),
});

/** Finds what is given, after reading the documents block by block. */
function retrieverOf(hits: readonly Hits[], cut?: readonly Hits[]) {
  const asked: unknown[] = [];
  const retriever: Retriever = {
    blockDocuments: 3,
    async search({ queries, documents, k }) {
      for await (const block of documents) asked.push(block);
      asked.push([...queries, k]);
      return { hits, byWidth: cut ? [{ dim: 8, hits: cut }] : [] };
    },
    similarities: async (pairs) => pairs.map(({ first, second }) => first.length - second.length),
  };
  return { ...retriever, asked };
}

test('before, between and after, beside words', async () => {
  const [bad, good] = [
    retrieverOf([found(0, 1), found(3, 2)]),
    retrieverOf([found(1, 0), found(2, 3)], [found(1), found(3)]),
  ];
  const evaluator = retrievalEvaluator<Retriever>(rows, (retriever) => retriever);
  expect((await evaluator.before(bad)).text).toContain('before  0.500');
  expect(bad.asked).toEqual([['the sun', 'the moon', 'a cat'], ['a dog'], ['moon', 'cat', 100]]);
  expect((await evaluator.epoch(bad, 0)).text).toContain('epoch 1  0.500');
  const { text: table } = await evaluator.after(good);
  expect(table).toMatch(/\nafter {3}1\.000/);
  expect(table).toMatch(/\nBM25 {4}1\.000/);
  expect(table).toContain('after: ndcg@10 by width 8: 0.500');
  expect(table).toMatch(/\nafter − before: mrr@10 \+0\.500/);
  expect(table).toMatch(/\nchance: mrr@10 0\.521, ndcg@10 0\.\d{3}, recall@10 1\.000\n/);
  const { before, after, difference, bm25, chance, epochs } = evaluator.result();
  expect(chance!['mrr@10']).toBeCloseTo((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 12);
  expect([before.metrics!['mrr@10'].mean, after.metrics!['mrr@10'].mean]).toEqual([0.5, 1]);
  expect([before.curve, after.curve]).toEqual([undefined, [{ dim: 8, 'ndcg@10': 0.5 }]]);
  expect(difference!['mrr@10'].difference).toBe(0.5);
  expect(bm25!['mrr@10'].mean).toBe(1);
  expect(evaluator.metrics()[0]).toMatchObject({
    name: 'mrr@10',
    before: 0.5,
    mean: 1,
    bm25: 1,
    chance: chance!['mrr@10'],
  });
  expect(epochs).toMatchObject([{ epoch: 0, metrics: before.metrics }]);
  const { queries, comparisons } = evaluator.comparison!()!;
  expect([queries, comparisons[0]!.difference['mrr@10']!.difference]).toEqual([2, 0.5]);
  // Texts, not ids.
  expect(comparisons[0]!.improved[0]!.relevant).toMatch(/^[^d]/);
  expect(evaluator.rows).toEqual({ fingerprint: 'abc', queries: 2, passages: 4, pairs: 0 });
});

test('rows with scores judge similarities alone', async () => {
  const pairs = [0, 1, 3].map((passage, score) => ({ query: 0, passage, score }));
  const evaluator = retrievalEvaluator<Retriever>({ ...rows, qrels: new Map(), pairs }, (model) => model);
  const retriever = retrieverOf([]);
  expect((await evaluator.before(retriever)).text).toBe('before: Spearman 0.500 over 3 pairs');
  await evaluator.after(retriever);
  expect(retriever.asked).toEqual([]);
  const { before, bm25, chance, difference } = evaluator.result();
  expect(before).toEqual({
    similarity: { spearman: expect.closeTo(0.5, 9), pearson: expect.any(Number), pairs: 3 },
  });
  expect([bm25, chance, difference]).toEqual([undefined, undefined, undefined]);
  expect(evaluator.comparison!()).toBeUndefined();
});

test('correlations have a line each', () => {
  const similarity = { spearman: 0.5, pearson: 0.4, pairs: 12 };
  expect(formatSystems([['after', { similarity }]])).toBe('after: Spearman 0.500 over 12 pairs');
});
