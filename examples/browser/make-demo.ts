/**
 * Makes what the page's demo buttons open: a tiny reranker and a tiny ColBERT model, both of fresh weights, and held-out rows of
 * example_data. Weights are too large to be committed. The ColBERT model already compares words; the reranker knows nothing before it is
 * fine-tuned, unless one is given, such as that of `pnpm --filter examples train`.
 *
 * Usage: tsx --conditions=@rag/source browser/make-demo.ts [--reranker output/seed-1/reranker/model]
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ColBERT } from '@rag/colbert';
import { embeddingParameters } from '@rag/embedding/training';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { heldOutFile, here, trainFile } from '../example-run.js';
import { saveFreshBert, smallBert } from '../fresh-bert.js';
import { readRows } from '../json-lines.js';
import type { Row } from '../warm-up-rows.js';

const { values } = parseArgs({ options: { reranker: { type: 'string' } } });
const output = here('./output/browser-public/demo');
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
// All texts, so that the page shows few unknown tokens: the demo proves nothing about unseen words.
const texts = [trainFile, heldOutFile].flatMap((file) =>
  readRows<Row>(file).flatMap(({ query, pos, neg }) => [query, ...pos, ...neg]),
);
const sizes = { hidden_size: 64, intermediate_size: 128, num_hidden_layers: 1, max_position_embeddings: 192 };

if (values.reranker === undefined) {
  const { vocabulary, config: encoder } = smallBert(
    texts,
    { ...sizes, initializer_range: 0.1 },
    { size: 3000, minFrequency: 1 },
  );
  const config = classifierConfig(encoder);
  await saveFreshBert(join(output, 'reranker'), { vocabulary, config }, classifierParameters(config), 1);
} else {
  cpSync(values.reranker, join(output, 'reranker'), { recursive: true });
}

const work = mkdtempSync(join(tmpdir(), 'rag-demo-'));
const bert = smallBert(texts, { ...sizes, initializer_range: 0.02 }, { size: 3000, minFrequency: 1 });
const parameters = embeddingParameters(bert.config, { pooling: ['mean'], dense: [], normalize: false });
await saveFreshBert(join(work, 'encoder'), bert, parameters, 1);
const colbert = await ColBERT.fromPretrained(join(work, 'encoder'), { newHead: true, colbertDim: 64 });
await colbert.savePretrained(join(output, 'colbert'));
colbert.dispose();
rmSync(work, { recursive: true });
copyFileSync(heldOutFile, join(output, 'rows.jsonl'));
console.log(`The demo is in ${output}.`);
