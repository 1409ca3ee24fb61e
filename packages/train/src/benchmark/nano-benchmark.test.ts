import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluateCollection } from '../evaluate/evaluate-collection.js';
import { mergeHits, noHits } from '../evaluate/merge-hits.js';
import { rerankCollection } from '../evaluate/rerank-collection.js';
import type { Retriever } from '../evaluate/retriever.js';
import { scoreSamples } from './score-samples.js';

interface Golden {
  readonly qrels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly retrieval: Readonly<Record<string, number>>;
  readonly samples: readonly {
    readonly query: string;
    readonly positive: string[];
    readonly negative: string[];
  }[];
  readonly pair_scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly reranking: Readonly<Record<string, number>>;
}
const golden: Golden = JSON.parse(
  readFileSync(new URL('./fixtures/nano-benchmark.json', import.meta.url), 'utf8'),
);
const { scores, qrels } = golden;
const named = (text: string) => ({ id: text, text });
const documents = Object.keys(scores.q0!);
const collection = {
  queries: Object.keys(qrels).map(named),
  qrels: new Map(Object.entries(qrels).map(([query, grades]) => [query, new Map(Object.entries(grades))])),
  documents: () => documents.map(named),
  pairs: [],
  notes: () => [],
};
/** Finds by the scores of the file. */
const retriever: Retriever = {
  blockDocuments: 7,
  async search({ queries, documents: blocks, k }) {
    const hits = queries.map(() => noHits);
    let first = 0;
    for await (const block of blocks) {
      for (const [q, query] of queries.entries())
        hits[q] = mergeHits(
          hits[q]!,
          block.map((text) => scores[query]![text]!),
          first,
          k,
        );
      first += block.length;
    }
    return { hits, byWidth: [] };
  },
  similarities: async () => [],
};

test('a collection has the metrics that Python gives it', async () => {
  const { systems } = await evaluateCollection(collection, retriever, {
    metrics: ['ndcg@10', 'mrr@10', 'map@100', 'recall@10'],
    ...{ topK: 1000, bm25: false, leaveOutSameId: true, withoutRelevant: 'zero' },
  });
  const { means } = systems[0]!.evaluation;
  for (const [name, value] of Object.entries(golden.retrieval))
    expect(means[name as 'ndcg@10'], name).toBeCloseTo(value, 12);
});

test('samples have the metrics that Python gives them', async () => {
  const samples = golden.samples.map(({ query, ...lists }) => ({ queries: [query], ...lists }));
  const { means } = await scoreSamples(samples, async (pairs) =>
    pairs.map(({ query, passage }) => golden.pair_scores[query]![passage]!),
  );
  for (const [name, value] of Object.entries(golden.reranking))
    expect(means[name as 'map'], name).toBeCloseTo(value, 12);
});

test('several spellings of a query count by the best score', async () => {
  const sample = { queries: ['a', 'b'], positive: ['p'], negative: ['n', 'm'] };
  const table: Record<string, number> = { 'a p': 0, 'a n': 1, 'a m': 2, 'b p': 3, 'b n': 0, 'b m': 0 };
  const { means } = await scoreSamples([sample], async (pairs) =>
    pairs.map(({ query, passage }) => table[`${query} ${passage}`]!),
  );
  expect(means.map).toBe(1);
});

test('a reranker orders what words find, and misses what they miss', async () => {
  const texts = {
    queries: [{ id: 'q', text: 'red moon' }],
    qrels: new Map([
      [
        'q',
        new Map([
          ['a', 1],
          ['c', 1],
        ]),
      ],
    ]),
    documents: () => [
      { id: 'a', text: 'a moon' },
      { id: 'b', text: 'red red moon' },
      { id: 'c', text: 'nothing of it' },
    ],
    ...{ pairs: [], notes: () => [] },
  };
  const {
    evaluation,
    words,
    documents: count,
  } = await rerankCollection(
    texts,
    async (pairs) => pairs.map(({ passage }) => (passage === 'a moon' ? 1 : 0)),
    { metrics: ['mrr@10', 'recall@10'], candidates: 10, leaveOutSameId: true },
  );
  expect(count).toBe(3);
  expect([...words.get('q')!.keys()]).toEqual(['b', 'a']);
  expect(evaluation.perQuery).toEqual({ 'mrr@10': [1], 'recall@10': [0.5] });
});
