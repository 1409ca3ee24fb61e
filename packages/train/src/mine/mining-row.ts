import { DataError, type Line, parseEmbeddingRecord, parseLine, promptedQuery } from '@rag/data';

/** A row that negatives are found for. */
export interface MiningRow {
  /** Its JSON text. */
  readonly text: string;
  readonly query: string;
  /** With the row's prompt in front. */
  readonly prompted: string;
  /** At least one. */
  readonly pos: readonly string[];
  /** Those that it has; new ones take their place. */
  readonly neg: readonly string[];
}

/**
 * Reads `{query, pos}` with or without `neg`. Scores beside them are not read: new ones take the place of those of `neg`.
 * @throws DataError with the line; a row with `scores` has wrong passages in `pos`, and is refused
 */
export function parseMiningRow(line: Line): MiningRow {
  const value = parseLine(line);
  const record = parseEmbeddingRecord(withoutScores(value), line.at);
  if (record.shape === 'text')
    throw unfit(line, 'a row without "pos"', 'give the passages that answer the query');
  if (Object.hasOwn(value as object, 'scores'))
    throw unfit(
      line,
      'a row with "scores", whose "pos" may hold wrong passages',
      'keep the right ones in "pos", without "scores"',
    );
  return {
    text: new TextDecoder().decode(line.bytes),
    query: record.query,
    prompted: promptedQuery(record),
    pos: record.pos,
    neg: record.shape === 'triplet' ? record.neg : [],
  };
}

const unfit = ({ at }: Line, got: string, remedy: string): DataError =>
  new DataError('unfit-shape', { at, expected: '{query, pos}, with or without "neg"', got, remedy });

function withoutScores(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const scores = ['pos_scores', 'neg_scores', 'scores'];
  return Object.fromEntries(Object.entries(value).filter(([key]) => !scores.includes(key)));
}
