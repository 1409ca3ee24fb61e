/**
 * One training step (forward, backward, AdamW) of a BERT-shaped encoder through our session.
 *
 * Usage: npx tsx --conditions=@rag/source bench/encoder-step.ts B,L,H,A,F,LAYERS [--dropout P] [--threads N] [--runs N]
 * B batch, L tokens per row, H hidden, A heads, F feed-forward, LAYERS encoder layers. Prints one JSON line with
 * milliseconds, GFLOP/s (6·tokens·weights + attention, as the PyTorch peer counts) and peak memory.
 * Embeddings of a small vocabulary and the packing of rows are included; the peer has neither.
 */
import { parseArgs } from 'node:util';
import { architectures, dropoutFeeds, encoderInputTypes, noDropout, parameterRoot, parseEncoderConfig, trainingDropout } from '@rag/models';
import { constant, input, mul, reduceSum } from '@rag/onnx';
import { compile, Tensor, TrainingSession } from '@rag/runtime';
import { packSequences } from '@rag/text';
import { encoderTensors } from '../packages/reranker/src/encoder-tensors.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dropout: { type: 'string', default: '0' }, threads: { type: 'string', default: '2' }, runs: { type: 'string', default: '7' } },
});
const shape = positionals[0] ?? '8,128,768,12,3072,4';
const [B, L, H, A, F, LAYERS] = shape.split(',').map(Number) as [number, number, number, number, number, number];
const dropout = Number(values.dropout);
const threads = Number(values.threads);

const config = parseEncoderConfig({
  model_type: 'bert',
  vocab_size: 1024,
  hidden_size: H,
  num_hidden_layers: LAYERS,
  num_attention_heads: A,
  intermediate_size: F,
  hidden_act: 'gelu',
  hidden_dropout_prob: dropout,
  attention_probs_dropout_prob: dropout,
  max_position_embeddings: L,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
});
const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7) * 0.05);
const plan = compile(
  {
    build(mode) {
      const drop = mode === 'train' ? trainingDropout() : noDropout;
      const inputs = Object.fromEntries(
        Object.entries(encoderInputTypes).map(([name, type]) => [name, input(name, type.dtype, type.shape)]),
      ) as Parameters<typeof architectures.bert.encode>[2];
      const arriving = input('arriving', 'float32', ['tokens', H]);
      const { hidden } = architectures.bert.encode(parameterRoot(), config, inputs, drop);
      const used = Object.entries(inputs).filter(([name]) => name !== 'first_token');
      return {
        inputs: [...used.map(([, value]) => value), arriving, ...drop.inputs],
        sum: reduceSum(mul(hidden, arriving)),
        weight: constant(1),
      };
    },
  },
  { initial: (_, size) => wave(size.reduce((a, b) => a * b, 1)), optimizer: {} },
);
const session = await TrainingSession.create(plan, { provider: 'cpu', threads });
const sequences = Array.from({ length: B }, (_, b) => ({
  input_ids: Array.from({ length: L }, (_, t) => (b * 31 + t * 7) % 1024),
  token_type_ids: new Array<number>(L).fill(0),
}));
const packed = packSequences(sequences, { padId: 0, mode: 'packed', ladder: { tokens: (n) => n, seq: (n) => n } });
const { first_token: _, ...tensors } = encoderTensors(packed);
const inputs = await session.inputs();
const batch = (update: number) => ({
  ...tensors,
  arriving: new Tensor('float32', [packed.tokens, H], wave(packed.tokens * H)),
  ...Object.fromEntries(
    Object.entries(dropoutFeeds(inputs, { ...packed, seed: 1, update, rows: sequences.map((_, b) => b) })).map(
      ([name, feed]) => [name, new Tensor(feed.dtype, feed.shape, feed.data)],
    ),
  ),
});
const step = async (update: number) => {
  const started = performance.now();
  await session.accumulate(batch(update));
  const computed = performance.now();
  await session.update({ learningRate: 5e-5 });
  return { total: performance.now() - started, update: performance.now() - computed };
};
for (let i = 0; i < 2; i++) await step(i);
const runs: Awaited<ReturnType<typeof step>>[] = [];
for (let i = 0; i < Number(values.runs); i++) runs.push(await step(i + 2));
session.dispose();
const sorted = runs.map(({ total }) => total).toSorted((a, b) => a - b);
const median = sorted[Math.floor(sorted.length / 2)]!;
const flop = 6 * B * L * LAYERS * (4 * H * H + 2 * H * F) + 12 * LAYERS * B * A * L * L * (H / A);
const round = (x: number) => Math.round(x * 10) / 10;
console.log(
  JSON.stringify({
    ours: '@rag/runtime cpu',
    shape,
    adamw: true,
    dropout,
    ms: { median: round(median), min: round(sorted[0]!), max: round(sorted.at(-1)!), adamw: round(runs.map((r) => r.update).toSorted((a, b) => a - b)[runs.length >> 1]!) },
    gflops: round(flop / median / 1e6),
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
