/**
 * Makes what the page's demo buttons open: a tiny reranker, embedding model and ColBERT model, and held-out rows of example_data. Weights are
 * too large to be committed. They are fresh, which the page says (`fresh.json` names them): such a ColBERT or embedding model already compares
 * words, a reranker knows nothing. Trained ones can be given, such as those of `pnpm --filter examples train`, `train:embedding`, `train:colbert`.
 *
 * Usage: tsx --conditions=@rag/source browser/make-demo.ts [--reranker output/seed-1/reranker/model] [--embedding …] [--colbert …]
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { heldOutFile, here, trainFile } from '../example-run.js';
import { saveFreshBert, smallBert } from '../fresh-bert.js';
import { readRows } from '../json-lines.js';
import { pooled } from '../learn-embedding.js';
import type { Row } from '../warm-up-rows.js';

const directory = { type: 'string' } as const;
const { values } = parseArgs({ options: { reranker: directory, embedding: directory, colbert: directory } });
const output = here('./output/browser-public/demo');
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
// All texts, so that the page shows few unknown tokens: the demo proves nothing about unseen words.
const texts = [trainFile, heldOutFile].flatMap((file) =>
  readRows<Row>(file).flatMap(({ query, pos, neg }) => [query, ...pos, ...neg]),
);
const bertOf = (initializer_range: number) =>
  smallBert(
    texts,
    {
      hidden_size: 64,
      intermediate_size: 128,
      num_hidden_layers: 1,
      max_position_embeddings: 192,
      initializer_range,
    },
    { size: 3000, minFrequency: 1 },
  );

/** What makes a fresh model, by its name, from a directory for what it needs on the way. */
const fresh = {
  async reranker(path: string) {
    const bert = bertOf(0.1);
    const config = classifierConfig(bert.config);
    await saveFreshBert(path, { ...bert, config }, classifierParameters(config), 1);
  },
  async embedding(path: string, work: string) {
    const model = await Embedding.fromPretrained(await encoder(work), { pooling: 'mean' });
    await model.savePretrained(path);
    model.dispose();
  },
  async colbert(path: string, work: string) {
    const model = await ColBERT.fromPretrained(await encoder(work), { newHead: true, colbertDim: 64 });
    await model.savePretrained(path);
    model.dispose();
  },
};

async function encoder(work: string): Promise<string> {
  const bert = bertOf(0.02);
  await saveFreshBert(join(work, 'encoder'), bert, embeddingParameters(bert.config, pooled), 1);
  return join(work, 'encoder');
}

const made: string[] = [];
for (const [name, make] of Object.entries(fresh)) {
  const given = values[name as keyof typeof fresh];
  if (given !== undefined) {
    cpSync(given, join(output, name), { recursive: true });
    continue;
  }
  const work = mkdtempSync(join(tmpdir(), 'rag-demo-'));
  await make(join(output, name), work);
  rmSync(work, { recursive: true });
  made.push(name);
}
writeFileSync(join(output, 'fresh.json'), JSON.stringify(made));
copyFileSync(heldOutFile, join(output, 'rows.jsonl'));
console.log(`The demo is in ${output}; of fresh weights: ${made.join(', ') || 'none'}.`);
