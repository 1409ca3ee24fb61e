/**
 * Search over quantised vectors: memory, time for each query and recall@k of exact float search.
 *
 * Usage: npx tsx --conditions=@rag/source quantized-search.ts [rows,dim,queries,k] [--multiplier N]
 * Vectors of norm 1 lie around seeded centres, one for every 100 rows. Prints one JSON line for float32 (plain dot products of every
 * row) and for each precision, without and with scoring anew; `values` scores bytes by what they stand for.
 */
import { parseArgs } from 'node:util';
import {
  calibrationRanges,
  EMBEDDING_PRECISIONS,
  quantizeEmbeddings,
  type SearchQuantizedOptions,
  searchQuantized,
} from '@rag/embedding';
import { range } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { multiplier: { type: 'string', default: '4' } },
});
const sizes = (positionals[0] ?? '20000,384,20,10').split(',').map(Number);
const [rows, dim, queryCount, k] = sizes as [number, number, number, number];
if (sizes.length !== 4 || !sizes.every((size) => Number.isInteger(size) && size >= 1))
  throw new RangeError(
    `sizes: expected rows,dim,queries,k with whole numbers from 1, got "${positionals[0]}"`,
  );
const multiplier = Number(values.multiplier);

let state = 20261121;
/** About normal: the sum of four uniform numbers, less its mean. */
const random = (): number => {
  let sum = -2;
  for (let i = 0; i < 4; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    sum += state / 2 ** 32;
  }
  return sum;
};
const centers = Array.from({ length: Math.ceil(rows / 100) }, () =>
  Float32Array.from({ length: dim }, random),
);
const make = (count: number): Float32Array[] =>
  Array.from({ length: count }, (_, row) => {
    const vector = centers[(row * 7) % centers.length]!.map((x) => x + 0.8 * random());
    const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    return vector.map((x) => x / norm);
  });
const vectors = make(rows);
const queries = make(queryCount);

const timed = (search: (query: Float32Array) => number[]) => {
  const times: number[] = [];
  search(queries[0]!);
  const found = queries.map((query) => {
    const started = performance.now();
    const hits = search(query);
    times.push(performance.now() - started);
    return hits;
  });
  return { found, ms: range(times) };
};
const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[i]! * b[i]!;
  return sum;
};
const mb = (bytes: number): number => Number((bytes / 2 ** 20).toFixed(2));
const print = (report: Record<string, unknown>): void =>
  console.log(JSON.stringify({ what: 'quantized-search', shape: sizes.join(','), ...report }));

const exact = timed((query) => {
  const scores = Float64Array.from(vectors, (vector) => dot(query, vector));
  return Array.from(scores.keys())
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, k);
});
print({ precision: 'float32', vectorsMb: mb(4 * rows * dim), ms: exact.ms, recall: 1 });

const ranges = calibrationRanges(vectors);
for (const precision of EMBEDDING_PRECISIONS) {
  const bytes = precision.endsWith('int8');
  const corpus = quantizeEmbeddings(vectors, { precision, ...(bytes && { ranges }) });
  const ways: Partial<SearchQuantizedOptions>[] = [
    { rescoreMultiplier: 0 },
    { rescoreMultiplier: multiplier },
  ];
  if (bytes) ways.push({ rescoreMultiplier: multiplier, rescoreBy: 'values' });
  for (const way of ways) {
    const { found, ms } = timed((query) =>
      searchQuantized({ corpus, query, k, ...way }).map(({ index }) => index),
    );
    const same = found.flatMap((hits, q) => hits.filter((row) => exact.found[q]!.includes(row)));
    const recall = Number((same.length / exact.found.flat().length).toFixed(4));
    print({ precision, ...way, vectorsMb: mb(corpus.data.byteLength), ms, recall });
  }
}
