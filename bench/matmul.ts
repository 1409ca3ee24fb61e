/**
 * ONNX Runtime's own matrix product through our session: the rate that a training step is held against.
 *
 * Usage: npx tsx --conditions=@rag/source matmul.ts [M,K,N] [--transB] [--threads N] [--runs N]
 * [M, K]·[K, N] in float32 with both operands fed at each run, as weights are in training; `--transB` computes it as
 * Gemm with a [N, K] weight. Prints one JSON line with milliseconds and GFLOP/s.
 */
import { parseArgs } from 'node:util';
import { encodeModel, gemm, matmul, trace } from '@rag/onnx';
import { createSession, Tensor, zeros } from '@rag/runtime';
import { gflops, range } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    transB: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '15' },
  },
});
const sizes = (positionals[0] ?? '2048,768,3072').split(',').map(Number);
const [m, k, n] = sizes as [number, number, number];
if (sizes.length !== 3 || !sizes.every((size) => Number.isInteger(size) && size >= 1))
  throw new RangeError(`sizes: expected M,K,N with whole numbers from 1, got "${positionals[0]}"`);
const shapes = { a: [m, k], b: values.transB ? [n, k] : [k, n] } as const;
const graph = trace(
  { a: { dtype: 'float32', shape: shapes.a }, b: { dtype: 'float32', shape: shapes.b } },
  ({ a, b }) => ({ y: values.transB ? gemm(a, b, { transB: 1 }) : matmul(a, b) }),
);
const session = await createSession(encodeModel(graph), {
  provider: 'cpu',
  driver: 'ffi',
  intraOpNumThreads: Number(values.threads),
});
const wave = (shape: readonly number[]) =>
  new Tensor(
    'float32',
    shape,
    Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => Math.sin(i)),
  );
const binding = session.bind({
  inputs: { a: wave(shapes.a), b: wave(shapes.b) },
  outputs: { y: zeros('float32', [m, n]) },
});
const times: number[] = [];
for (let run = 0; run < 3 + Number(values.runs); run++) {
  const started = performance.now();
  await binding.run();
  times.push(performance.now() - started);
}
session.dispose();
const ms = range(times.slice(3));
console.log(
  JSON.stringify({
    what: 'matmul',
    by: '@rag/runtime cpu',
    shape: sizes.join(','),
    transB: values.transB,
    ms,
    gflops: gflops(2 * m * k * n, ms.median),
    gflops_best: gflops(2 * m * k * n, ms.min),
  }),
);
