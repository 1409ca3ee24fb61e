import { describe, expect, test } from 'vitest';
import { ColBERT } from './colbert.js';
import { FIXTURES, fixtureDirectory, openDirectory, readGolden } from './testing/open-fixture.js';
import type { TokenVectors } from './token-vectors.js';

const furthest = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
};
const flat = (vectors: readonly TokenVectors[]): number[] => vectors.flatMap(({ data }) => Array.from(data));

const within = (maxLength: number | undefined) => (maxLength ? { maxLength } : {});

describe.each(FIXTURES)('%s: as its Python', (name) => {
  const golden = readGolden(name);
  const { query: queryLength, passage: passageLength } = golden.lengths ?? {};
  const lengths = {
    ...(queryLength && { queryLength }),
    ...(passageLength && { passageLength }),
  };

  test('vectors', async () => {
    const model = await openDirectory(fixtureDirectory(name));
    const queries = await model.encodeQueries(golden.queries, within(queryLength));
    expect(queries.map(({ tokens }) => tokens)).toEqual(golden.query_vectors.map((rows) => rows.length));
    expect(furthest(flat(queries), golden.query_vectors.flat(2))).toBeLessThan(1e-5);
    const passages = await model.encodePassages(golden.passages, within(passageLength));
    expect(passages.map(({ tokens }) => tokens)).toEqual(golden.passage_vectors.map((rows) => rows.length));
    expect(furthest(flat(passages), golden.passage_vectors.flat(2))).toBeLessThan(1e-5);
    expect(model.dimension).toBe(golden.passage_vectors[0]![0]!.length);
    expect(model.initialized).toEqual([]);
  });

  test('scores, whatever the batch', async () => {
    const model = await openDirectory(fixtureDirectory(name));
    const pairs = golden.queries.flatMap((query) => golden.passages.map((passage) => [query, passage]));
    const together = await model.computeScore(pairs, lengths);
    expect(furthest(together, golden.scores.flat())).toBeLessThan(1e-5);
    const alone = await model.computeScore(pairs, { ...lengths, batchSize: 1 });
    expect(furthest(alone, together)).toBeLessThan(1e-6);
    const [query, passage] = [golden.queries[0]!, golden.passages[3]!];
    expect(await model.computeScore([query, passage], lengths)).toBeCloseTo(golden.scores[0]![3]!, 5);
    const ranked = await model.rerank(query, golden.passages, { ...lengths, topK: 3 });
    const order = golden.scores[0]!.map((score, index) => ({ score, index }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 3);
    expect(ranked.map(({ index }) => index)).toEqual(order.map(({ index }) => index));
    expect(ranked.map(({ text }) => text)).toEqual(order.map(({ index }) => golden.passages[index]));
  });

  test('pooled passages', async () => {
    const model = await openDirectory(fixtureDirectory(name));
    const pooled = await model.encodePassages(golden.passages, { ...within(passageLength), poolFactor: 2 });
    expect(pooled.map(({ tokens }) => tokens)).toEqual(golden.pooled_vectors.map((rows) => rows.length));
    expect(furthest(flat(pooled), golden.pooled_vectors.flat(2))).toBeLessThan(1e-5);
    const pairs = golden.queries.flatMap((query) => golden.passages.map((passage) => [query, passage]));
    const scores = await model.computeScore(pairs, { ...lengths, poolFactor: 2 });
    expect(furthest(scores, golden.pooled_scores.flat())).toBeLessThan(1e-5);
  });
});

test('compat scores as RAG-Retrieval pads: a token without a like in the passage scores 0, not below', async () => {
  const golden = readGolden('rag-retrieval');
  const directory = fixtureDirectory('rag-retrieval');
  const { query: queryLength, passage: passageLength } = golden.lengths!;
  const pairs = golden.queries.flatMap((query) => golden.passages.map((passage) => [query, passage]));
  const padded = golden.padded_scores!.flat();
  const compat = await openDirectory(directory, { compat: true });
  const scores = await compat.computeScore(pairs, { queryLength, passageLength });
  expect(furthest(scores, padded)).toBeLessThan(1e-5);
  const gaps = padded.map((score, i) => score - golden.scores.flat()[i]!);
  expect(Math.max(...gaps)).toBeGreaterThan(0.1);
  await expect(openDirectory(fixtureDirectory('pylate'), { compat: true })).rejects.toThrow(
    'compat: expected a model of RAG-Retrieval',
  );
});

test('wasm in Node, which reads no files, holds the weights of a directory in memory', async () => {
  const golden = readGolden('pylate');
  const model = await ColBERT.fromPretrained(fixtureDirectory('pylate'), { provider: 'wasm', threads: 1 });
  const pairs = golden.queries.flatMap((query) => golden.passages.map((passage) => [query, passage]));
  expect(furthest(await model.computeScore(pairs), golden.scores.flat())).toBeLessThan(1e-4);
  model.dispose();
});
