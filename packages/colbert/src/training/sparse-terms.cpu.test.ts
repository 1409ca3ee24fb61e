import { trace } from '@rag/onnx';
import { type HostTensor, numbersOf, runGraph } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { sparseScores, sparseTerms } from './sparse-terms.js';

/** Texts of ids, one behind the other. */
function placed(texts: readonly (readonly number[])[], from = 0) {
  let start = from;
  return texts.map((input_ids) => {
    const text = { sequence: { input_ids }, start };
    start += input_ids.length;
    return text;
  });
}

const [cls, sep] = [2, 3];
const ignored = new Set([0, 1, cls, sep, undefined]);
const queries = [
  [cls, 7, 8, 7, sep],
  [cls, 9, sep],
  [cls, 5, sep],
];
const candidates = [
  [cls, 8, 7, 7, 8, sep],
  [cls, 9, 9, 11, sep],
  [cls, 11, sep],
  [cls, sep],
];
const tokens = [...queries, ...candidates].flat().length;
const first = placed(queries);
const second = placed(candidates, queries.flat().length);
/** Every token its own weight; that of the first 9 is 0. */
const weights = Float32Array.from({ length: tokens }, (_, i) => (i === 6 ? 0 : ((i * 7) % 11) / 4));

test('scores are inner products of the largest weights of the terms that both texts have', async () => {
  const feeds = sparseTerms(first, second, ignored);
  const types = {
    weights: { dtype: 'float32', shape: ['tokens', 1] },
    term_rows: { dtype: 'int64', shape: ['cells', 'occurrences'] },
    query_terms: { dtype: 'int64', shape: ['queries', 'terms'] },
    candidate_terms: { dtype: 'int64', shape: ['candidates', 'terms'] },
  } as const;
  const graph = trace(types, ({ weights, ...index }) => ({ scores: sparseScores(weights, index) }));
  const host = (name: keyof typeof feeds): HostTensor => {
    const { dtype, shape, data } = feeds[name];
    return { dtype, shape, data } as HostTensor;
  };
  const { scores } = await runGraph(graph, {
    weights: { dtype: 'float32', shape: [tokens, 1], data: weights },
    term_rows: host('term_rows'),
    query_terms: host('query_terms'),
    candidate_terms: host('candidate_terms'),
  });
  const words = ({ sequence, start }: (typeof first)[number]) => {
    const found = new Map<number, number>();
    for (const [i, id] of sequence.input_ids.entries())
      if (!ignored.has(id)) found.set(id, Math.max(found.get(id) ?? 0, weights[start + i]!));
    return found;
  };
  const expected = first.map((query) =>
    second.map((candidate) => {
      const other = words(candidate);
      return [...words(query)].reduce((sum, [id, weight]) => sum + weight * (other.get(id) ?? 0), 0);
    }),
  );
  expect(expected.flat().filter((score) => score > 0)).toHaveLength(1);
  expect(scores!.shape).toEqual([3, 4]);
  for (const [i, score] of numbersOf(scores!).entries()) expect(score).toBeCloseTo(expected.flat()[i]!, 5);
});

test('texts without a term in common have no cells', () => {
  const { term_rows, query_terms, candidate_terms } = sparseTerms(
    placed([[cls, 4, sep]]),
    placed([[cls, 5]], 3),
    ignored,
  );
  expect(term_rows.shape).toEqual([1, 1]);
  for (const { data } of [query_terms, candidate_terms])
    expect(new Set(data as BigInt64Array)).toEqual(new Set([1n]));
});

test('terms of one side alone are left out', () => {
  const { term_rows } = sparseTerms(first, second, ignored);
  // 7 and 8 of the first query and the first candidate, 9 of the second of both.
  expect(term_rows.shape).toEqual([6, 2]);
});
