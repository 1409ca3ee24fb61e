import {
  type ByteSource,
  DataError,
  type EmbeddingRecord,
  embeddingReader,
  openRows,
  promptedQuery,
} from '@rag/data';
import type { Qrels } from '@rag/eval';
import { ConfigError } from '../config/config-error.js';

/** A query and a passage with the similarity that somebody gave them, by their places in the rows' lists. */
export interface ScoredPair {
  readonly query: number;
  readonly passage: number;
  readonly score: number;
}

/** Held-out rows as a search: every passage of the files is a document, found or not by every query. */
export interface RetrievalRows {
  /** Each text once, prompts in front. */
  readonly queries: readonly string[];
  /** Each text once. */
  readonly passages: readonly string[];
  /** Places of queries and passages as ids; only queries with a positive are judged. */
  readonly qrels: Qrels;
  /** Of rows {query, pos, scores}. */
  readonly pairs: readonly ScoredPair[];
  readonly fingerprint: string;
}

/**
 * Reads files of pairs, triplets and scored lists. A passage of `pos` is relevant and all others of the files are not; a
 * row with scores judges nothing but the order of its similarities.
 * @param instruction before queries whose row has no prompt
 * @throws DataError, also for texts alone, and ConfigError where there is too little to judge, of either kind
 */
export async function readRetrievalRows(
  sources: readonly ByteSource[],
  instruction?: string,
): Promise<RetrievalRows> {
  const places = { queries: new Map<string, number>(), passages: new Map<string, number>() };
  const placeOf = (kind: keyof typeof places, text: string): number => {
    const known = places[kind].get(text);
    if (known !== undefined) return known;
    places[kind].set(text, places[kind].size);
    return places[kind].size - 1;
  };
  const qrels = new Map<string, Map<string, number>>();
  const pairs: ScoredPair[] = [];
  const rows = await openRows(sources, embeddingReader, { cacheBytes: 0 }, (record) => {
    if (record.shape === 'text')
      throw new DataError('unfit-shape', {
        at: record.at,
        expected: '{query, pos}, with "neg" or "scores" if there are any',
        got: 'a text alone',
        remedy: 'texts alone judge nothing: give rows with passages',
      });
    const query = placeOf('queries', promptedQuery(instructedRow(record, instruction)));
    const found = record.pos.map((text) => placeOf('passages', text));
    if (record.shape === 'scored') {
      for (const [i, passage] of found.entries()) pairs.push({ query, passage, score: record.scores[i]! });
      return;
    }
    const grades = qrels.get(String(query)) ?? new Map<string, number>();
    for (const passage of found) grades.set(String(passage), 1);
    qrels.set(String(query), grades);
    if (record.shape === 'triplet') for (const text of record.neg) placeOf('passages', text);
  });
  await rows.close();
  const [queries, passages] = [[...places.queries.keys()], [...places.passages.keys()]];
  const scores = new Set(pairs.map(({ score }) => score));
  const isTooLittle = qrels.size === 1 || (pairs.length > 0 && (pairs.length < 3 || scores.size < 2));
  if (qrels.size + pairs.length === 0 || isTooLittle)
    throw new ConfigError(
      sources.map(({ name }) => name).join(', '),
      'val_dataset',
      `expected at least 2 queries with positives or none, and 3 scored passages of different scores or none, got ${qrels.size} queries and ${pairs.length} passages of ${scores.size} different scores — add rows`,
    );
  return { queries, passages, qrels, pairs, fingerprint: rows.fingerprint };
}

/** A row with the instruction as its prompt, unless it has one of its own or is a text alone. */
export const instructedRow = (record: EmbeddingRecord, instruction: string | undefined): EmbeddingRecord =>
  instruction === undefined || record.shape === 'text' || record.prompt_for_query !== undefined
    ? record
    : { ...record, prompt_for_query: instruction };

/** `40 queries over 431 passages, 120 scored pairs`. */
export function describeRows({ passages, qrels, pairs }: RetrievalRows): string {
  const parts = [
    ...(qrels.size > 0 ? [`${qrels.size} queries over ${passages.length} passages`] : []),
    ...(pairs.length > 0 ? [`${pairs.length} scored pairs`] : []),
  ];
  return parts.join(', ');
}
