import { describe, expect, it } from 'vitest';
import { bestRows } from './best-rows.js';
import { calibrationRanges } from './calibration-ranges.js';
import { EMBEDDING_PRECISIONS, type EmbeddingPrecision, quantizeEmbeddings } from './quantize-embeddings.js';
import { type SearchQuantizedOptions, searchQuantized } from './search-quantized.js';
import { clusteredVectors, quantizedGolden } from './testing/quantized-golden.js';

const golden = quantizedGolden;
const quantize = (vectors: readonly Float32Array[], precision: EmbeddingPrecision, ranges = golden.ranges) =>
  quantizeEmbeddings(vectors, { precision, ...(precision.endsWith('int8') && { ranges }) });
const corpora = new Map(EMBEDDING_PRECISIONS.map((p) => [p, quantize(golden.corpus, p)]));

it.each(golden.searches)(
  '$precision, query $query, k $k, multiplier $multiplier: the hits of sentence-transformers',
  ({ precision, query, k, multiplier, hits }) => {
    const options = { query: golden.queries[query]!, k, rescoreMultiplier: multiplier };
    const found = searchQuantized({ corpus: corpora.get(precision)!, ...options });
    expect(found.map(({ index }) => index)).toEqual(hits.map(([index]) => index));
    for (const [i, { score }] of found.entries()) {
      const expected = hits[i]![1];
      expect(Math.abs(score - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)));
    }
    if (precision === 'ubinary')
      expect(searchQuantized({ corpus: corpora.get('binary')!, ...options })).toEqual(found);
  },
);

it('keeps 2 × k rows for scoring anew where nothing else is said', () => {
  const by = (rescoreMultiplier?: number) =>
    golden.queries.map((query) =>
      searchQuantized({
        corpus: corpora.get('ubinary')!,
        query,
        k: 5,
        ...(rescoreMultiplier !== undefined && { rescoreMultiplier }),
      }),
    );
  expect(by()).toEqual(by(2));
  for (const other of [0, 1, 4]) expect(by(), `${other}`).not.toEqual(by(other));
});

it.each(EMBEDDING_PRECISIONS)('%s: equal rows come in ascending order, also at both cuts', (precision) => {
  const vectors = Array.from({ length: 20 }, (_, i) => golden.corpus[i % 2]!);
  const corpus = quantize(vectors, precision);
  const query = golden.corpus[1]!;
  for (const rescoreMultiplier of [0, 1, 2, 20])
    expect(searchQuantized({ corpus, query, k: 4, rescoreMultiplier }).map(({ index }) => index)).toEqual([
      1, 3, 5, 7,
    ]);
  expect(searchQuantized({ corpus, query, k: 12 }).map(({ index }) => index)).toEqual([
    1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 0, 2,
  ]);
  expect(searchQuantized({ corpus, query, k: 1000, rescoreMultiplier: 2 ** 50 })).toHaveLength(20);
});

it('rows that are equal only when scored anew come in ascending order', () => {
  const corpus = quantize([Float32Array.of(1, -1, -1), Float32Array.of(-1, 1, 1)], 'ubinary');
  const search = (rescoreMultiplier: number) =>
    searchQuantized({ corpus, query: Float32Array.of(2, 1, 1), k: 2, rescoreMultiplier });
  expect(search(0)).toEqual([
    { index: 1, score: 1 },
    { index: 0, score: -1 },
  ]);
  expect(search(1)).toEqual([
    { index: 0, score: 2 },
    { index: 1, score: 2 },
  ]);
});

it.each(['int8', 'uint8'] as const)(
  '%s: values are the middles of steps, so nearly the vectors',
  (precision) => {
    const { min, max } = calibrationRanges(golden.corpus);
    const corpus = quantize(golden.corpus, precision, { min, max });
    const query = golden.queries[0]!;
    for (const { index, score } of searchQuantized({ corpus, query, k: 120, rescoreBy: 'values' })) {
      const middles = min.map((low, i) => {
        const code = corpus.data[index * golden.dim + i]! + (precision === 'int8' ? 128 : 0);
        return low + ((max[i]! - low) / 255) * (code + 0.5);
      });
      expect(score).toBeCloseTo(dot(query, middles), 6);
      expect(score).toBeCloseTo(dot(query, golden.corpus[index]!), 2);
    }
  },
);

it('a dimension count that is no whole byte: bits as one by one', () => {
  const cut = (vectors: readonly Float32Array[]) => vectors.map((vector) => vector.slice(0, 21));
  const [query] = cut(golden.queries);
  const rows = cut(golden.corpus);
  const signs = (vector: Float32Array) => Float32Array.from(vector, (x) => (x > 0 ? 1 : -1));
  for (const precision of ['binary', 'ubinary'] as const) {
    const corpus = quantize(rows, precision);
    for (const { index, score } of searchQuantized({ corpus, query: query!, k: 120, rescoreMultiplier: 0 }))
      expect(score).toBe(dot(signs(query!), signs(rows[index]!)));
    for (const { index, score } of searchQuantized({ corpus, query: query!, k: 120 }))
      expect(score).toBeCloseTo(
        rows[index]!.reduce((sum, x, i) => sum + (x > 0 ? query![i]! : 0), 0),
        12,
      );
  }
});

describe('recall@10 of exact float search, clustered vectors', () => {
  it.each([1, 2, 3])('seed %i: scoring anew gains, by values more than by codes', (seed) => {
    const { corpus: vectors, queries } = clusteredVectors(seed, [1500, 64, 20, 24]);
    const ranges = calibrationRanges(vectors);
    const exact = queries.map((query) => {
      const best = bestRows(10);
      for (const [row, vector] of vectors.entries()) best.offer(row, dot(query, vector));
      return new Set(best.sorted().map(({ row }) => row));
    });
    const recall = (precision: EmbeddingPrecision, options: Partial<SearchQuantizedOptions>) => {
      const corpus = quantize(vectors, precision, ranges);
      const found = queries.flatMap((query, q) =>
        searchQuantized({ corpus, query, k: 10, ...options }).filter(({ index }) => exact[q]!.has(index)),
      );
      return found.length / (10 * queries.length);
    };
    const alone = recall('binary', { rescoreMultiplier: 0 });
    const rescored = recall('binary', { rescoreMultiplier: 4 });
    const codes = recall('int8', { rescoreMultiplier: 4 });
    const values = recall('int8', { rescoreMultiplier: 4, rescoreBy: 'values' });
    expect(rescored).toBeGreaterThanOrEqual(alone);
    expect(codes).toBeGreaterThanOrEqual(recall('int8', { rescoreMultiplier: 0 }));
    expect(values).toBeGreaterThanOrEqual(codes);
    expect(values).toBeGreaterThan(0.95);
  });
});

describe('says what is wrong', () => {
  const query = golden.queries[0]!;
  const [int8, ubinary] = [corpora.get('int8')!, corpora.get('ubinary')!];
  const search = (changes: Partial<SearchQuantizedOptions>) => () =>
    searchQuantized({ corpus: int8, query, k: 3, ...changes });

  it('with sizes', () => {
    for (const k of [0, -1, 1.5, Number.NaN, '3' as never])
      expect(search({ k })).toThrow(/k expected a whole number from 1/);
    for (const rescoreMultiplier of [-1, 0.5, Number.NaN])
      expect(search({ rescoreMultiplier })).toThrow(/rescoreMultiplier expected a whole number from 0/);
  });

  it('with the query', () => {
    expect(search({ query: query.slice(1) })).toThrow(
      /query expected a Float32Array of 32 numbers, got .* 31/,
    );
    expect(search({ query: [1, 2] as never })).toThrow(/query expected a Float32Array of 32/);
    expect(search({ query: query.map(() => Number.NaN) })).toThrow(/query\[0\] expected a finite number/);
  });

  it('with the corpus', () => {
    expect(search({ corpus: { ...int8, rows: 121 } })).toThrow(
      /corpus\.data expected Int8Array of 121 rows × 32, got Int8Array of 3840/,
    );
    expect(search({ corpus: { ...ubinary, dim: 33 } })).toThrow(/Uint8Array of 120 rows × 5/);
    expect(search({ corpus: { ...int8, data: new Uint8Array(int8.data) } })).toThrow(
      /got Uint8Array of 3840/,
    );
    expect(search({ corpus: { ...int8, dim: 0 } })).toThrow(/corpus\.dim expected a whole number from 1/);
    expect(search({ corpus: { ...int8, rows: -1 } })).toThrow(/corpus\.rows expected a whole number from 0/);
    expect(search({ corpus: { ...int8, precision: 'int4' } as never })).toThrow(/precision expected one of/);
    expect(search({ corpus: { ...int8, ranges: undefined } as never })).toThrow(
      /corpus\.ranges expected those/,
    );
    expect(search({ corpus: { ...ubinary, ranges: golden.ranges } as never })).toThrow(
      /ranges expected none/,
    );
  });

  it('with bits behind the last one', () => {
    const corpus = quantize([query.slice(0, 20), query.slice(0, 20)], 'binary');
    corpus.data[5]! |= 1;
    expect(search({ corpus, query: query.slice(0, 20) })).toThrow(
      /row 1 expected 4 zeros behind its 20 bits/,
    );
  });

  it('with what rescores', () => {
    expect(search({ rescoreBy: 'float' as never })).toThrow(
      /rescoreBy expected codes or values, got "float"/,
    );
    expect(search({ corpus: ubinary, rescoreBy: 'values' })).toThrow(/bits stand for no values/);
  });

  it('no rows, no hits', () => {
    expect(search({ corpus: { ...int8, rows: 0, data: new Int8Array(0) } })()).toEqual([]);
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
