/**
 * Trains a small cross-encoder reranker from nothing on example_data/ and says what it learned: no GPU, no hub, no Python.
 *
 * 1. A vocabulary, a config and fresh weights: no checkpoint can be assumed, so the example makes its own.
 * 2. Warm-up: rows made of the training passages themselves teach the fresh model to compare words.
 * 3. Fine-tuning on the labelled rows, as one would fine-tune a model of the hub.
 * 4. Held-out topics: metrics of the untrained and the trained model beside BM25 and chance.
 * 5. The saved model is opened again and reranks a query.
 *
 * Usage: pnpm --filter examples train [--seed 1] [--query TEXT] [--share 0.1: a tenth of the rows, for a quick look]
 */
import { mkdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CrossEncoder } from '@rag/reranker';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { train } from '@rag/train/node';
import { heldOutFile, here, trainFile } from './example-run.js';
import { saveFreshBert, smallBert } from './fresh-bert.js';
import { readRows, writeRows } from './json-lines.js';
import { printFound, printQuality } from './quality-table.js';
import { inverseCloze, type Row } from './warm-up-rows.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    query: { type: 'string', default: 'why does the heart beat faster when we run' },
  },
});
const started = performance.now();
const seed = Number(values.seed);
/** Of the full run; the tests take a little. */
const share = Number(values.share);

const output = here(`./output/seed-${seed}/reranker`);
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });

// 1. Vocabulary, config and fresh weights.
const rows = readRows<Row>(trainFile);
const { vocabulary, config: encoder } = smallBert(
  rows.flatMap(({ query, pos }) => [query, ...pos]),
  {
    hidden_size: 64,
    intermediate_size: 256,
    num_hidden_layers: 2,
    max_position_embeddings: 192,
    initializer_range: 0.1,
  },
  { size: 2500, minFrequency: 2 },
);
const config = classifierConfig(encoder);
await saveFreshBert(`${output}/base`, { vocabulary, config }, classifierParameters(config), seed);

// 2. Warm-up.
const common = {
  task: 'reranker',
  lossType: 'group_softmax',
  maxLen: 192,
  seed,
  saveOnEpochEnd: false,
} as const;
const cloze = inverseCloze(rows, {
  count: Math.ceil(14_400 * share),
  negatives: 3,
  shortest: 16,
  longest: 64,
  seed,
});
writeRows(`${output}/warm-up.jsonl`, cloze);
const warmUp = await train({
  ...common,
  modelNameOrPath: `${output}/base`,
  trainDataset: `${output}/warm-up.jsonl`,
  valDataset: heldOutFile,
  trainGroupSize: 4,
  batchSize: 24,
  epochs: 1,
  lr: 1e-3,
  logInterval: 50,
  outputDir: `${output}/warm-up`,
});

// 3. Fine-tuning on the labelled rows.
const run = await train({
  ...common,
  modelNameOrPath: warmUp.model,
  trainDataset: trainFile,
  valDataset: heldOutFile,
  trainGroupSize: 8,
  batchSize: 8,
  epochs: share < 1 ? 1 : 4,
  lr: 5e-4,
  outputDir: output,
});

// 4. Held-out topics.
const after = run.evaluation!;
printQuality(`${after.queries} held-out queries on other topics, seed ${seed}`, {
  untrained: warmUp.evaluation!.before,
  'warmed up': after.before,
  'fine-tuned': after.after,
  BM25: after.bm25,
  chance: after.chance,
});

// 5. The saved model, as its users open it.
const reranker = await CrossEncoder.fromPretrained(run.model);
const passages = readRows<Row>(heldOutFile)
  .flatMap(({ pos }) => pos)
  .filter((passage) => /^[\x20-\x7e]/.test(passage));
printFound(values.query, await reranker.rerank(values.query, passages, { topK: 3, maxLength: 192 }));
reranker.dispose();
console.log(
  `\nThe model is in ${run.model}; it took ${((performance.now() - started) / 1000).toFixed(0)} s.`,
);
