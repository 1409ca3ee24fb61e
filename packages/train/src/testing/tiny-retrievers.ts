import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFiles } from '../node/node-files.js';
import { openStartingColbert } from '../recipes/starting-colbert.js';
import { openStartingEmbedding } from '../recipes/starting-embedding.js';
import { openStartingModel } from '../recipes/starting-model.js';

const fresh = (config: string) => ({ modelNameOrPath: config, initFromConfig: true, seed: 3 });

/**
 * Writes an embedding model of fresh weights, 32 elements.
 * @param config a directory of config.json and tokenizer files
 */
export async function writeTinyEmbedding(
  config: string,
  directory: string,
  prompts: Readonly<Record<string, string>> = {},
  pooling: 'mean' | 'cls' | 'lasttoken' = 'mean',
): Promise<string> {
  const { model } = await openStartingEmbedding(
    nodeFiles,
    { ...fresh(config), pooling },
    { threads: 1, say: () => {} },
  );
  await model.savePretrained(directory);
  model.dispose();
  const path = join(directory, 'config_sentence_transformers.json');
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), prompts }));
  return directory;
}

/** Writes a ColBERT model of fresh weights, 16 elements per token. */
export async function writeTinyColbert(config: string, directory: string): Promise<string> {
  const options = { ...fresh(config), colbertDim: 16, compat: false };
  const { model } = await openStartingColbert(nodeFiles, options, { threads: 1 });
  await model.savePretrained(directory);
  model.dispose();
  return directory;
}

/** Writes a reranker of fresh weights. */
export async function writeTinyReranker(config: string, directory: string): Promise<string> {
  const { model } = await openStartingModel(nodeFiles, fresh(config), { threads: 1 });
  await model.savePretrained(directory);
  model.dispose();
  return directory;
}
