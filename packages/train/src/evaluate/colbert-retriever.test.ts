import type { TokenVectors } from '@rag/colbert';
import { expect, test } from 'vitest';
import { colbertRetriever } from './colbert-retriever.js';

/** One vector of one element per text: the number in it. */
const vectorsOf = (texts: readonly string[]): TokenVectors[] =>
  texts.map((text) => ({ data: Float32Array.of(Number(text)), tokens: 1, dim: 1 }));
const calls: unknown[] = [];
const model: Parameters<typeof colbertRetriever>[0] = {
  encodeQueries: async (texts, options) => {
    calls.push(options);
    return vectorsOf(texts);
  },
  encodePassages: async (texts, options) => {
    calls.push(options);
    return vectorsOf(texts);
  },
  scoreVectors: async (queries, passages) =>
    Float64Array.from(
      queries.flatMap((query) => passages.map((passage) => -Math.abs(query.data[0]! - passage.data[0]!))),
    ),
  computeScore: (async (pairs: readonly string[][], options: unknown) => {
    calls.push(options);
    return pairs.map(([query, passage]) => Number(query) * Number(passage));
  }) as Parameters<typeof colbertRetriever>[0]['computeScore'],
};

const documents = Array.from({ length: 300 }, (_, i) => String((i * 77) % 300));
async function* blocks(size: number) {
  for (let i = 0; i < documents.length; i += size) yield documents.slice(i, i + size);
}
const options = {
  queries: { maxLength: 8, batchSize: 2 },
  documents: { maxLength: 9, batchSize: 2, poolFactor: 2 },
};

test.each([1, 128, 1000])('blocks of %i documents: the nearest numbers, best first', async (size) => {
  const queries = Array.from({ length: 1500 }, (_, i) => String(i % 300));
  const { hits, byWidth } = await colbertRetriever(model, options).search({
    queries,
    documents: blocks(size),
    k: 3,
  });
  expect(byWidth).toEqual([]);
  for (const query of [0, 1, 150, 299, 1023, 1024, 1499]) {
    const wanted = query % 300;
    const found = [...hits[query]!.documents].map((place) => Number(documents[place]));
    expect(found[0]).toBe(wanted);
    expect(new Set(found.slice(1))).toEqual(
      new Set(wanted === 0 ? [1, 2] : wanted === 299 ? [298, 297] : [wanted - 1, wanted + 1]),
    );
  }
});

test('documents that are left out', async () => {
  const leaveOut = (_: number, document: number) => documents[document] === '5';
  const { hits } = await colbertRetriever(model, options).search({
    queries: ['5'],
    documents: blocks(64),
    k: 2,
    leaveOut,
  });
  expect(new Set([...hits[0]!.documents].map((place) => documents[place]))).toEqual(new Set(['4', '6']));
});

test('similarities of pairs; lengths and batches are passed on', async () => {
  calls.length = 0;
  expect(await colbertRetriever(model, options).similarities([{ first: '3', second: '4' }])).toEqual([12]);
  expect(calls).toEqual([{ batchSize: 2, queryLength: 8, passageLength: 9, poolFactor: 2 }]);
});
