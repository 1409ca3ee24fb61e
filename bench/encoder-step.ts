/**
 * One training step (forward, backward, AdamW) of a BERT-shaped encoder through our session.
 *
 * Usage: npx tsx --conditions=@rag/source encoder-step.ts B,L,H,A,F,LAYERS [--dropout P] [--provider cpu|wasm|webgpu|cuda]
 *   [--threads N] [--warm-up N] [--runs N]
 * B batch, L tokens per row, H hidden, A heads, F feed-forward, LAYERS encoder layers. Prints one JSON line: milliseconds
 * of a step and of its two parts, GFLOP/s of the whole step and of forward and backward alone (the matrix products', as
 * the PyTorch peer counts), peak memory. `--warm-up` steps (2) go before those that are measured.
 */
import { parseArgs } from 'node:util';
import { type Provider, TrainingSession } from '@rag/runtime';
import { encoderBatches, encoderConfig, encoderPlan, parseStepShape, stepFlops } from './encoder-plan.js';
import { gflops, peakRssMb, range } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dropout: { type: 'string', default: '0' },
    provider: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '2' },
    runs: { type: 'string', default: '7' },
  },
});
const shape = parseStepShape(positionals[0] ?? '8,128,768,12,3072,4');
const dropout = Number(values.dropout);
const provider = values.provider as Provider;
const warmUp = Number(values['warm-up']);
const session = await TrainingSession.create(encoderPlan(encoderConfig(shape, dropout)), {
  provider,
  threads: Number(values.threads),
});
const batchOf = encoderBatches(shape, await session.inputs());
const times: { total: number; computing: number }[] = [];
for (let update = 0; update < warmUp + Number(values.runs); update++) {
  const started = performance.now();
  await session.accumulate(batchOf(update));
  const computing = performance.now() - started;
  await session.update({ learningRate: 5e-5 });
  times.push({ total: performance.now() - started, computing });
}
session.dispose();
const measured = times.slice(warmUp);
const total = range(measured.map((time) => time.total));
const computing = range(measured.map((time) => time.computing));
const flops = stepFlops(shape);
console.log(
  JSON.stringify({
    what: 'encoder step',
    by: `@rag/runtime ${provider}`,
    shape: Object.values(shape).join(','),
    dropout,
    ms: total,
    ms_forward_backward: computing,
    ms_adamw: range(measured.map((time) => time.total - time.computing)),
    gflops: gflops(flops, total.median),
    gflops_forward_backward: gflops(flops, computing.median),
    peak_rss_mb: peakRssMb(),
  }),
);
