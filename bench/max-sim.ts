/**
 * MaxSim of a query against many passages: our fused pass beside a product of everything, both through ONNX Runtime.
 *
 * Usage: npx tsx --conditions=@rag/source max-sim.ts [passages,tokens,dim,queries,query_tokens] [--by ours|plain|padded] [--threads N] [--runs N]
 *   [--driver node|ffi] [--limit MiB]
 * Passages have seeded lengths from 1 to 2 × tokens − 1. `ours` reads them packed in one array; `plain` multiplies all of them at once and then
 * takes the maxima; `padded` pads each to the longest, in one MatMul and ReduceMax, masked. Prints one JSON line: milliseconds, GFLOP/s of the
 * products that count, the MiB of the vectors, and the most memory that the process held beside what it had
 * before scoring (`--limit` says what that may be); and the largest difference from float64 in a sample. `plain` and `padded` grow with the
 * passages, ours does not.
 */
import { parseArgs } from 'node:util';
import { openMaxSim, type TokenVectors } from '@rag/colbert';
import { add, encodeModel, matmul, reduceMax, reduceSum, trace, transpose, unsqueeze } from '@rag/onnx';
import { createSession, type Driver, Tensor } from '@rag/runtime';
import { gflops, peakRssMb, range } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    by: { type: 'string', default: 'ours' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '5' },
    driver: { type: 'string', default: 'ffi' },
    limit: { type: 'string' },
  },
});
const sizes = (positionals[0] ?? '10000,100,128,1,32').split(',').map(Number);
const [count, mean, dim, queryCount, queryTokens] = sizes as [number, number, number, number, number];
if (sizes.length !== 5 || !sizes.every((size) => Number.isInteger(size) && size >= 1))
  throw new RangeError(
    `sizes: expected passages,tokens,dim,queries,query_tokens with whole numbers from 1, got "${positionals[0]}"`,
  );

let state = 20261121;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
/** Seeded vectors of norm 1, made in one array: nothing is held twice, so that the process's peak is that of scoring. */
const make = (lengths: readonly number[]): TokenVectors[] => {
  const data = new Float32Array(lengths.reduce((sum, length) => sum + length, 0) * dim);
  for (let row = 0; row < data.length; row += dim) {
    let squares = 0;
    for (let i = row; i < row + dim; i++) {
      data[i] = random() - 0.5;
      squares += data[i]! ** 2;
    }
    for (let i = row; i < row + dim; i++) data[i]! /= Math.sqrt(squares);
  }
  let at = 0;
  return lengths.map((tokens) => {
    const from = at;
    at += tokens * dim;
    return { data: data.subarray(from, at), tokens, dim };
  });
};
const queries = make(new Array<number>(queryCount).fill(queryTokens));
const lengths = Array.from({ length: count }, () => 1 + Math.floor(random() * (2 * mean - 1)));
const passages = make(lengths);
const total = lengths.reduce((sum, length) => sum + length, 0);
const options = {
  provider: 'cpu',
  driver: values.driver as Driver,
  intraOpNumThreads: Number(values.threads),
} as const;

const left = new Tensor('float32', [queryCount * queryTokens, dim], packed(queries));
const methods = { ours: openOurs, plain: openPlain, padded: openPadded };
const open = Object.hasOwn(methods, values.by) ? methods[values.by as keyof typeof methods] : undefined;
if (!open) throw new RangeError(`--by: expected ours, plain or padded, got "${values.by}"`);
const { score, dispose } = await open();

const before = process.memoryUsage().rss / 2 ** 20;
const times: number[] = [];
let scores: ArrayLike<number> = [];
for (let run = 0; run < 1 + Number(values.runs); run++) {
  const started = performance.now();
  scores = await score();
  times.push(performance.now() - started);
}
const ms = range(times.slice(1));
const scoringMb = Math.round(peakRssMb() - before);
console.log(
  JSON.stringify({
    what: 'max-sim',
    by: values.by,
    driver: values.driver,
    shape: sizes.join(','),
    tokens: total,
    ms,
    gflops: gflops(2 * total * dim * queryCount * queryTokens, ms.median),
    vectorsMb: Math.round((total * dim * 4) / 2 ** 20),
    peakRssMb: peakRssMb(),
    scoringMb,
    ...(values.limit !== undefined && {
      limitMb: Number(values.limit),
      within: scoringMb <= Number(values.limit),
    }),
    largestError: largestError(),
  }),
);
dispose();

async function openOurs() {
  const maxSim = await openMaxSim(dim, options);
  return { score: () => maxSim.scores(queries, passages), dispose: () => maxSim.dispose() };
}

/** All dot products [query tokens, passage tokens], then their maxima by passage. */
async function openPlain() {
  const graph = trace(
    {
      queries: { dtype: 'float32', shape: ['q', dim] },
      passages: { dtype: 'float32', shape: ['t', dim] },
    },
    (inputs) => ({ products: matmul(inputs.queries, transpose(inputs.passages)) }),
  );
  const session = await createSession(encodeModel(graph), options);
  const right = new Tensor('float32', [total, dim], packed(passages));
  const score = async () => {
    const { products } = await session.run({ queries: left, passages: right });
    const data = products!.data as Float32Array;
    const found = new Float64Array(queryCount * count);
    for (let row = 0; row < queryCount * queryTokens; row++) {
      let at = row * total;
      for (const [passage, length] of lengths.entries()) {
        let best = Number.NEGATIVE_INFINITY;
        for (const end = at + length; at < end; at++) best = Math.max(best, data[at]!);
        found[Math.floor(row / queryTokens) * count + passage]! += best;
      }
    }
    return found;
  };
  return { score, dispose: () => session.dispose() };
}

/** One graph over passages padded to the longest: [passages, query tokens, seq], masked, max, sum. */
async function openPadded() {
  const longest = Math.max(...lengths);
  const data = new Float32Array(count * longest * dim);
  const bias = new Float32Array(count * longest).fill(-1e30);
  for (const [i, passage] of passages.entries()) {
    data.set(passage.data, i * longest * dim);
    bias.fill(0, i * longest, i * longest + passage.tokens);
  }
  const graph = trace(
    {
      queries: { dtype: 'float32', shape: ['q', dim] },
      passages: { dtype: 'float32', shape: ['n', 'seq', dim] },
      bias: { dtype: 'float32', shape: ['n', 'seq'] },
    },
    (inputs) => {
      const products = matmul(inputs.queries, transpose(inputs.passages, [0, 2, 1]));
      const best = reduceMax(add(products, unsqueeze(inputs.bias, [1])), [-1]);
      return { best, sums: reduceSum(best, [-1]) };
    },
  );
  const session = await createSession(encodeModel(graph), options);
  const feeds = {
    queries: left,
    passages: new Tensor('float32', [count, longest, dim], data),
    bias: new Tensor('float32', [count, longest], bias),
  };
  const score = async () => {
    const { best } = await session.run(feeds, ['best']);
    const maxima = best!.data as Float32Array;
    const found = new Float64Array(queryCount * count);
    for (let passage = 0; passage < count; passage++)
      for (let row = 0; row < queryCount * queryTokens; row++)
        found[Math.floor(row / queryTokens) * count + passage]! +=
          maxima[passage * queryCount * queryTokens + row]!;
    return found;
  };
  return { score, dispose: () => session.dispose() };
}

/** The array that packed vectors lie in. */
function packed(list: readonly TokenVectors[]): Float32Array {
  const { buffer, byteOffset } = list[0]!.data;
  return new Float32Array(
    buffer,
    byteOffset,
    list.reduce((sum, { data }) => sum + data.length, 0),
  );
}

/** Against the definition in float64, for the first query and 50 passages. */
function largestError(): number {
  let largest = 0;
  const { data } = queries[0]!;
  for (let sample = 0; sample < Math.min(50, count); sample++) {
    const index = Math.floor((sample * count) / Math.min(50, count));
    const passage = passages[index]!;
    let sum = 0;
    for (let q = 0; q < queryTokens; q++) {
      let best = Number.NEGATIVE_INFINITY;
      for (let p = 0; p < passage.tokens; p++) {
        let product = 0;
        for (let i = 0; i < dim; i++) product += data[q * dim + i]! * passage.data[p * dim + i]!;
        best = Math.max(best, product);
      }
      sum += best;
    }
    largest = Math.max(largest, Math.abs(sum - scores[index]!));
  }
  return Number(largest.toExponential(1));
}
