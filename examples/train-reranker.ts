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
import { heldOutFile, here } from './example-run.js';
import { readRows } from './json-lines.js';
import { learnReranker } from './learn-reranker.js';
import { printFound, printQuality } from './quality-table.js';
import type { Row } from './warm-up-rows.js';

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

// 1 to 3.
const { warmUp, run } = await learnReranker({ seed, share, output });

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
