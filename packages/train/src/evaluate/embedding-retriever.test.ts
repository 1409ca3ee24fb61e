import { blockProduct, topK, truncateVectors } from '@rag/eval';
import { expect, test } from 'vitest';
import { embeddingRetriever } from './embedding-retriever.js';

const dim = 8;
/** A vector that is a function of the text. */
const vectorOf = (text: string): Float32Array =>
  Float32Array.from({ length: dim }, (_, i) =>
    Math.sin(text.length * 3 + (text.codePointAt(i % text.length) ?? 0) + i),
  );
const asked: string[][] = [];
const model = {
  encode: async (texts: readonly string[], { prompt = '' }: { prompt?: string } = {}) => {
    asked.push(texts.map((text) => prompt + text));
    return texts.map((text) => vectorOf(prompt + text));
  },
} as unknown as Parameters<typeof embeddingRetriever>[0];

const texts = (count: number, name: string) =>
  Array.from({ length: count }, (_, i) => `${name} ${i} ${'x'.repeat(i % 11)}`);
const [queries, documents] = [texts(9, 'query'), texts(50, 'document')];
async function* blocks(size: number) {
  for (let i = 0; i < documents.length; i += size) yield documents.slice(i, i + size);
}
const matrix = (list: readonly string[], prompt: string) =>
  Float32Array.from(list.flatMap((text) => [...vectorOf(prompt + text)]));
const options = {
  queries: { prompt: 'Q ' },
  documents: { prompt: 'D ' },
  similarity: 'cosine' as const,
  mrlDims: [],
};

test.each([1, 7, 100])('blocks of %i documents: the hits of topK, whole and cut to widths', async (size) => {
  const retriever = embeddingRetriever(model, { ...options, mrlDims: [6, 2], product: blockProduct });
  const found = await retriever.search({ queries, documents: blocks(size), k: 5 });
  const [q, d] = [matrix(queries, 'Q '), matrix(documents, 'D ')];
  expect(found.hits).toEqual(await topK({ queries: q, documents: d, dim, k: 5 }));
  expect(found.byWidth.map((each) => each.dim)).toEqual([6, 2]);
  for (const { dim: width, hits } of found.byWidth)
    expect(hits).toEqual(
      await topK({
        queries: truncateVectors(q, dim, width),
        documents: truncateVectors(d, dim, width),
        dim: width,
        k: 5,
        similarity: 'dot',
      }),
    );
});

test('documents that are left out, at every width', async () => {
  const retriever = embeddingRetriever(model, { ...options, mrlDims: [4] });
  const leaveOut = (query: number, document: number) => document % 9 === query;
  const found = await retriever.search({ queries, documents: blocks(7), k: 50, leaveOut });
  for (const hits of [found.hits, found.byWidth[0]!.hits])
    for (const [query, { documents: list }] of hits.entries()) {
      expect(list.length).toBeGreaterThan(40);
      expect([...list].some((document) => document % 9 === query)).toBe(false);
    }
});

test('similarities of pairs; a text is encoded once', async () => {
  const pairs = [
    { first: 'a', second: 'b' },
    { first: 'a', second: 'c' },
  ];
  asked.length = 0;
  const [first] = await embeddingRetriever(model, options).similarities(pairs);
  expect(asked).toEqual([['Q a'], ['D b', 'D c']]);
  const [a, b] = [vectorOf('Q a'), vectorOf('D b')];
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  expect(first).toBeCloseTo(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 6);
  const [inner] = await embeddingRetriever(model, { ...options, similarity: 'dot' }).similarities(pairs);
  expect(inner).toBeCloseTo(dot(a, b), 5);
});

test('faults', async () => {
  await expect(
    embeddingRetriever(model, { ...options, mrlDims: [4, 9] }).search({
      queries,
      documents: blocks(7),
      k: 5,
    }),
  ).rejects.toThrow('mrl_dims: expected widths up to 8, that of the vectors, got 9 — leave it out');
  const zeros = {
    encode: async (list: string[]) => list.map(() => new Float32Array(2)),
  } as unknown as typeof model;
  await expect(
    embeddingRetriever(zeros, options).similarities([{ first: 'a', second: 'b' }]),
  ).rejects.toThrow('cosine: expected vectors with a direction, got zeros');
});
