import { afterAll } from 'vitest';
import { Embedding } from '../embedding.js';
import type { EmbeddingParts } from '../embedding-options.js';
import { tinyConfig, tinyHead, tinyParameters, tinyTokenizerFiles } from './tiny.js';

const opened: Embedding[] = [];
afterAll(() => {
  for (const model of opened.splice(0)) model.dispose();
});

/** A model in memory that is disposed after the tests. */
export async function openTiny({
  config = tinyConfig(),
  head = tinyHead,
  ...parts
}: Partial<EmbeddingParts> = {}): Promise<Embedding> {
  const weights = new Map(tinyParameters(config, head).map(({ name, data }) => [name, data]));
  const model = await Embedding.fromParts({
    config,
    head,
    tokenizerFiles: tinyTokenizerFiles,
    weights,
    ...parts,
  });
  opened.push(model);
  return model;
}
