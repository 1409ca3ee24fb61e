import { bm25 } from '@rag/eval';
import type { Found, Row } from './protocol.js';
import type { ServedModel } from './served-model.js';

export interface SearchIndex {
  /** Best first. */
  search(query: string): Promise<Found[]>;
}

/** Passages that a model which reads pairs is asked about, beside those that the file lists for the query. */
const CANDIDATES = 20;

/**
 * All passages of the rows, searched: an embedding model scores each of them, the others score what the file lists for the query and
 * the best by BM25, so that what was judged stays in the list.
 * @throws where there are no passages
 */
export function searchIndex(model: ServedModel, rows: readonly Row[]): SearchIndex {
  const pool = [...new Set(rows.flatMap(({ passages }) => passages))];
  if (pool.length === 0)
    throw new Error('rows: expected passages to search, got none — choose a JSONL file first');
  const words = bm25(pool);
  const own = new Map(rows.map(({ query, passages }) => [query, passages]));
  const candidates = (query: string): string[] => {
    if (model.info.task === 'embedding') return pool;
    const scores = words.scores(query);
    const best = [...pool.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, CANDIDATES);
    return [...new Set([...(own.get(query) ?? []), ...best.map((i) => pool[i]!)])];
  };
  const most = model.info.task === 'embedding' ? CANDIDATES : Number.POSITIVE_INFINITY;
  return {
    async search(query) {
      const passages = candidates(query);
      const scores = await model.scores(query, passages);
      return passages
        .map((passage, i) => ({ passage, score: scores[i]! }))
        .sort((a, b) => b.score - a.score)
        .slice(0, most);
    },
  };
}
