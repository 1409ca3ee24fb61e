/**
 * Trains a small ColBERT model from nothing on example_data/ and says what it learned: no GPU, no hub, no Python.
 *
 * 1. A vocabulary, a config and fresh weights of the encoder; `train` adds a fresh projection of `colbertDim`.
 * 2. Fine-tuning on the labelled rows. There is no warm-up: MaxSim compares words from the start.
 * 3. Held-out topics: every query searches all passages; the untrained and the trained model beside BM25.
 * 4. The saved model is opened again and ranks all held-out passages for a query.
 *
 * Usage: pnpm --filter examples train:colbert [--seed 1] [--query TEXT] [--share 0.25: a quarter of the epochs, for a quick look]
 */
import { ColBERT } from '@rag/colbert';
import { embeddingParameters } from '@rag/embedding/training';
import { train } from '@rag/train/node';
import { heldOutFile, startRun, trainFile } from './example-run.js';
import { saveFreshBert, smallBert } from './fresh-bert.js';
import { readRows } from './json-lines.js';
import { printFound, printQuality } from './quality-table.js';
import { heldOutPassages } from './search.js';
import type { Row } from './warm-up-rows.js';

const { seed, share, query, output, seconds } = startRun(
  'colbert',
  'why does the heart beat faster when we run',
);

// 1. Vocabulary, config and fresh weights of a bare encoder.
const rows = readRows<Row>(trainFile);
const bert = smallBert(
  rows.flatMap((row) => [row.query, ...row.pos]),
  {
    hidden_size: 64,
    intermediate_size: 64,
    num_hidden_layers: 1,
    max_position_embeddings: 192,
    initializer_range: 0.02,
  },
  { size: 2500, minFrequency: 1 },
);
const encoder = embeddingParameters(bert.config, { pooling: ['mean'], dense: [], normalize: false });
await saveFreshBert(`${output}/base`, bert, encoder, seed);

// 2. Fine-tuning on the labelled rows.
const run = await train({
  task: 'colbert',
  modelNameOrPath: `${output}/base`,
  trainDataset: trainFile,
  valDataset: heldOutFile,
  colbertDim: 64,
  queryMaxLen: 64,
  passageMaxLen: 160,
  negNums: 1,
  othersPositives: true,
  temperature: 0.1,
  gradCache: false,
  batchSize: 32,
  epochs: Math.max(1, Math.round(4 * share)),
  lr: 1e-3,
  seed,
  saveOnEpochEnd: false,
  outputDir: output,
});

// 3. Held-out topics.
const { queries, passages, before, after, bm25 } = run.evaluation!;
printQuality(`${queries} held-out queries on other topics over ${passages} passages, seed ${seed}`, {
  untrained: before.metrics!,
  'fine-tuned': after.metrics!,
  BM25: bm25!,
});

// 4. The saved model, as its users open it.
const colbert = await ColBERT.fromPretrained(run.model);
printFound(query, await colbert.rerank(query, heldOutPassages(), { topK: 3 }));
colbert.dispose();
console.log(`\nThe model is in ${run.model}; it took ${seconds()} s.`);
