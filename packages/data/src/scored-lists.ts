import { approximateTokens } from './approximate-tokens.js';
import { type EmbeddingRecord, embeddingReader, promptedQuery, unfitRow } from './embedding-record.js';
import type { EmbeddingMaker } from './examples.js';
import type { RowPosition } from './record.js';

/** A query with passages and a teacher's score of each. */
export interface ScoredExample {
  readonly at: RowPosition;
  /** With its prompt in front. */
  readonly query: string;
  readonly contents: readonly string[];
  /** One per passage, as the file gives them. */
  readonly scores: readonly number[];
}

export interface ScoredListsOptions {
  /** One example per passage, as the originals flatten their rows, instead of one per row. @default false */
  readonly compat?: boolean;
}

/** The passages of a row and their scores; throws where it lacks either. */
function scoredPassages(record: EmbeddingRecord): Pick<ScoredExample, 'contents' | 'scores'> {
  if (record.shape === 'scored') return { contents: record.pos, scores: record.scores };
  const expected = 'a score of every passage';
  const remedy = 'score the row with a teacher, or train without scores';
  if (record.shape !== 'triplet') {
    const got = record.shape === 'pair' ? 'a pair without "scores"' : 'a text alone';
    throw unfitRow(record, expected, got, remedy);
  }
  const { pos, neg, pos_scores, neg_scores = neg.length === 0 ? [] : undefined } = record;
  if (pos_scores === undefined || neg_scores === undefined) {
    const lacking = [pos_scores ?? '"pos_scores"', neg_scores ?? '"neg_scores"'];
    const names = lacking.filter((name) => typeof name === 'string').join(' and ');
    throw unfitRow(record, expected, `a triplet without ${names}`, remedy);
  }
  return { contents: [...pos, ...neg], scores: [...pos_scores, ...neg_scores] };
}

/**
 * One example per row with a score of every passage: `{query, pos, scores}`, or `{query, pos, neg}` with `pos_scores`
 * and `neg_scores`, positives first. Nothing is drawn; every epoch has the same examples.
 */
export function scoredLists({ compat = false }: ScoredListsOptions = {}): EmbeddingMaker<ScoredExample> {
  return {
    reader: embeddingReader,
    lengths: (record) => {
      const tokens = scoredPassages(record).contents.map(approximateTokens);
      const query = approximateTokens(promptedQuery(record));
      if (compat) return tokens.map((count) => query + count);
      return [tokens.reduce((sum, count) => sum + count, query)];
    },
    make: (record, _row, item) => {
      const { contents, scores } = scoredPassages(record);
      const query = promptedQuery(record);
      if (!compat) return { at: record.at, query, contents, scores };
      return { at: record.at, query, contents: [contents[item]!], scores: [scores[item]!] };
    },
  };
}
