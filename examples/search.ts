import type { Embedding } from '@rag/embedding';
import { heldOutFile } from './example-run.js';
import { readRows } from './json-lines.js';
import type { Row } from './warm-up-rows.js';

/** Every held-out passage once, in both languages. */
export const heldOutPassages = (): string[] => [
  ...new Set(readRows<Row>(heldOutFile).flatMap(({ pos }) => pos)),
];

/** The passages whose vectors are most similar to the query's, best first, with their cosines. */
export async function search(model: Embedding, query: string, passages: readonly string[], count: number) {
  const documents = await model.encodePassages(passages, { normalize: true });
  const vector = await model.encodeQueries(query, { normalize: true });
  const cosine = (document: Float32Array) => document.reduce((sum, x, i) => sum + x * vector[i]!, 0);
  return passages
    .map((text, i) => ({ text, score: cosine(documents[i]!) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}
