/**
 * Trains a small embedding model from nothing on example_data/ and says what it learned: no GPU, no hub, no Python.
 *
 * 1. to 3. A vocabulary and fresh weights, warm-up, fine-tuning on the labelled rows: see learn-embedding.ts.
 * 4. Held-out topics: every query searches all passages; the untrained and the trained model beside BM25.
 * 5. The saved model is opened again and searches for a query.
 *
 * Usage: pnpm --filter examples train:embedding [--seed 1] [--query TEXT] [--share 0.1: a tenth, for a quick look]
 */
import { Embedding } from '@rag/embedding';
import { startRun } from './example-run.js';
import { learnEmbedding } from './learn-embedding.js';
import { printFound, printQuality } from './quality-table.js';
import { heldOutPassages, search } from './search.js';

const started = startRun('embedding', 'why does the heart beat faster when we run');
const { warmUp, run } = await learnEmbedding(started);

// 4. Held-out topics.
const { queries, passages, before, after, bm25 } = run.evaluation!;
printQuality(`${queries} held-out queries on other topics over ${passages} passages, seed ${started.seed}`, {
  untrained: warmUp.evaluation!.before.metrics!,
  'warmed up': before.metrics!,
  'fine-tuned': after.metrics!,
  BM25: bm25!,
});

// 5. The saved model, as its users open it.
const model = await Embedding.fromPretrained(run.model);
printFound(started.query, await search(model, started.query, heldOutPassages(), 3));
model.dispose();
console.log(`\nThe model is in ${run.model}; it took ${started.seconds()} s.`);
