import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { ColBERT } from '../colbert.js';
import type { FromPretrainedOptions } from '../colbert-options.js';

/** The directories that scripts/golden/colbert.py writes. */
export const FIXTURES = ['rag-retrieval', 'pylate', 'pylate-roberta', 'colbertv2'] as const;
export type Fixture = (typeof FIXTURES)[number];

/** What Python computed for a fixture; numbers as in its golden.json. */
export interface Golden {
  readonly queries: string[];
  readonly passages: string[];
  /** [queries][passages] */
  readonly scores: number[][];
  /** RAG-Retrieval: with the zero vectors of padding in every maximum. */
  readonly padded_scores?: number[][];
  /** RAG-Retrieval: the lengths that the texts were padded to. */
  readonly lengths?: { readonly query: number; readonly passage: number };
  /** Of documents pooled by factor 2. */
  readonly pooled_scores: number[][];
  /** [texts][tokens][dim] */
  readonly query_vectors: number[][][];
  readonly passage_vectors: number[][][];
  readonly pooled_vectors: number[][][];
}

export const fixtureDirectory = (name: Fixture): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

export const readGolden = (name: Fixture): Golden =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}/golden.json`, import.meta.url), 'utf8'));

const opened: ColBERT[] = [];
afterAll(() => {
  for (const model of opened.splice(0)) model.dispose();
});

/** A directory as a model that is disposed after the tests. */
export async function openDirectory(directory: string, options?: FromPretrainedOptions): Promise<ColBERT> {
  const model = await ColBERT.fromPretrained(directory, options);
  opened.push(model);
  return model;
}
