import type { Hits } from '@rag/eval';
import { expect, test } from 'vitest';
import type { Collection } from './collection.js';
import { type EvaluateOptions, evaluateCollection, searchWords } from './evaluate-collection.js';
import { formatEvaluation } from './format-evaluation.js';
import type { Retriever } from './retriever.js';

const animals = ['cat', 'dog', 'owl', 'bee', 'elk'];
const collection: Collection = {
  queries: animals.map((name) => ({ id: name, text: name })),
  qrels: new Map([
    ...animals.map((name): [string, Map<string, number>] => [name, new Map([[`${name}-doc`, 1]])]),
    ['nothing', new Map([['cat-doc', 0]])],
  ]),
  documents: () => [
    ...animals.map((name) => ({ id: `${name}-doc`, text: `the ${name} is here` })),
    { id: 'cat', text: 'cat' },
  ],
  pairs: [],
  notes: () => ['a note'],
};
const options: EvaluateOptions = {
  metrics: ['mrr@1', 'recall@3'],
  topK: 3,
  bm25: true,
  leaveOutSameId: false,
};

/** Finds documents in their order, or for `right` the own one first; cut to 1 element it finds nothing. */
const retriever = (right: boolean): Retriever & { blocks: number[] } => {
  const blocks: number[] = [];
  return {
    blocks,
    blockDocuments: 4,
    async search({ queries, documents, k, leaveOut }) {
      let count = 0;
      for await (const block of documents) {
        blocks.push(block.length);
        count += block.length;
      }
      const hitsOf = (query: number): Hits => {
        const order = Array.from({ length: count }, (_, i) => (right ? (i + query) % count : i));
        const list = order.filter((document) => !leaveOut?.(query, document)).slice(0, k);
        return { documents: Uint32Array.from(list), scores: Float32Array.from(list, (_, i) => -i) };
      };
      const none: Hits = { documents: new Uint32Array(0), scores: new Float32Array(0) };
      return {
        hits: queries.map((_, query) => hitsOf(query)),
        byWidth: [{ dim: 1, hits: queries.map(() => none) }],
      };
    },
    similarities: async (pairs) => pairs.map(({ first }) => first.length),
  };
};

test('a model that is right beside word matching', async () => {
  const model = retriever(true);
  const seen: number[] = [];
  const found = await evaluateCollection(collection, model, { ...options, onProgress: (n) => seen.push(n) });
  expect(model.blocks).toEqual([4, 2]);
  expect(seen).toEqual([4, 6]);
  expect([found.queries, found.documents]).toEqual([5, 6]);
  const [own, words] = found.systems;
  expect([own!.name, own!.evaluation.means['mrr@1'], own!.evaluation.means['recall@3']]).toEqual([
    'model',
    1,
    1,
  ]);
  // Each animal's document is found by its name; the cat's is beaten by a shorter one.
  expect([words!.name, words!.evaluation.means['mrr@1'], words!.evaluation.means['recall@3']]).toEqual([
    'BM25',
    0.8,
    1,
  ]);
  expect(found.difference!['mrr@1']!.difference).toBeCloseTo(0.2);
  expect(found.byWidth.map(({ name, evaluation }) => [name, evaluation.means['mrr@1']])).toEqual([
    ['1 elements', 0],
  ]);
  expect(found.notes).toEqual(['a note', '1 judged queries without a relevant document are left out']);
  expect([...own!.run.get('dog')!.keys()]).toEqual(['dog-doc', 'owl-doc', 'bee-doc']);
  expect(formatEvaluation(found)).toMatch(
    /^5 queries over 6 documents\na note\n1 judged queries.*\n +mrr@1 +recall@3\nmodel {2}1\.000 \[1\.000, 1\.000\].*\nBM25 .*\nmodel − BM25: mrr@1 \+0\.200 .*\nby width:\n +mrr@1 .*\n1 elements {2}0\.000/,
  );
});

test('documents of the own id', async () => {
  const [found, without] = [
    await evaluateCollection(collection, retriever(false), { ...options, topK: 6 }),
    await evaluateCollection(collection, retriever(false), { ...options, leaveOutSameId: true, topK: 6 }),
  ];
  expect(found.notes).toContain(
    '1 queries found a document of their own id — pass --leave_out_same_id if that is the query itself',
  );
  expect(without.notes.join()).not.toContain('own id');
  expect(without.systems[0]!.run.get('cat')!.has('cat')).toBe(false);
  expect(without.systems[1]!.evaluation.means['mrr@1']).toBe(1);
});

test('without BM25 no text is kept, and nothing is compared', async () => {
  const found = await evaluateCollection(collection, retriever(true), { ...options, bm25: false });
  expect(found.systems.map(({ name }) => name)).toEqual(['model']);
  expect(found.difference).toBeUndefined();
});

test('scored pairs: correlations, beside word matching where it has one', async () => {
  const pairs = ['a', 'a b', 'a b c', 'a b c d'].map((first, i) => ({ first, second: 'a b c d', score: i }));
  const found = await evaluateCollection(
    { ...collection, qrels: new Map(), pairs },
    retriever(true),
    options,
  );
  expect(found.similarity.map(({ name, evaluation }) => [name, evaluation.spearman])).toEqual([
    ['model', 1],
    ['BM25', 1],
  ]);
  expect(formatEvaluation(found)).toBe(
    'model: Spearman 1.000, Pearson 1.000 over 4 scored pairs\nBM25: Spearman 1.000, Pearson 1.000 over 4 scored pairs',
  );
  const apart = pairs.map((pair) => ({ ...pair, second: 'z' }));
  const alone = await evaluateCollection(
    { ...collection, qrels: new Map(), pairs: apart },
    retriever(true),
    options,
  );
  expect(alone.similarity.map(({ name }) => name)).toEqual(['model']);
});

test('metrics that look behind what is kept', async () => {
  await expect(
    evaluateCollection(collection, retriever(true), { ...options, metrics: ['ndcg@10'] }),
  ).rejects.toThrow('topK: expected at least 10 for ndcg@10, got 3 — raise it');
});

test('word matching finds what shares a word, best first', () => {
  const [hits] = searchWords([{ id: 'q', text: 'red moon' }], ['moon', 'sun', 'red moon', 'moon moon'], 2);
  expect([...hits!.documents]).toEqual([2, 3]);
});
