import {
  type ByteSource,
  DataError,
  type Line,
  parseLine,
  parseRecord,
  type RowPosition,
  readLines,
} from '@rag/data';
import { isObject } from './read-answer.js';
import type { TeacherPair } from './teacher.js';

/** A query and its passages, to be scored. */
export interface ScoreRow {
  readonly at: RowPosition;
  /** As it was read. */
  readonly row: Readonly<Record<string, unknown>>;
  /** Positives then negatives, hits in their order, or the one content. */
  readonly pairs: readonly TeacherPair[];
  /** How many of the passages are positives; undefined for other shapes than `{query, pos, neg}`. */
  readonly positives?: number;
}

/**
 * Streams the rows to score: `{query, pos, neg}`, `{query, hits: [{content}]}` or `{query, content}`; labels and scores that they
 * have are not read. Blank lines are a fault.
 * @param readsAnswers whether each row needs `answer`, a text
 * @throws DataError with file and line
 */
export async function* readScoreRows(
  sources: readonly ByteSource[],
  readsAnswers: boolean,
): AsyncGenerator<ScoreRow, void, undefined> {
  for (const source of sources)
    for await (const line of readLines(source)) yield parseScoreRow(line, readsAnswers);
}

/** One row of {@link readScoreRows}. */
export function parseScoreRow(line: Line, readsAnswers: boolean): ScoreRow {
  const { at } = line;
  const value = parseLine(line);
  const record = parseRecord(withoutLabels(value), at);
  const row = value as Readonly<Record<string, unknown>>;
  const answer = readsAnswers ? answerOf(at, row) : undefined;
  const contents =
    record.shape === 'lists'
      ? [...record.pos, ...record.neg]
      : record.shape === 'hits'
        ? record.hits.map(({ content }) => content)
        : [record.content];
  return {
    at,
    row,
    pairs: contents.map((content) => ({
      query: record.query,
      content,
      ...(answer !== undefined && { answer }),
    })),
    ...(record.shape === 'lists' && { positives: record.pos.length }),
  };
}

/** The row as it is checked: a teacher gives the labels. */
function withoutLabels(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { label: _, score: __, pos_scores: ___, neg_scores: ____, ...row } = value;
  if (Array.isArray(row.hits))
    return { ...row, hits: row.hits.map((hit) => (isObject(hit) ? labelled(hit) : hit)) };
  return Object.hasOwn(row, 'content') ? labelled(row) : row;
}

const labelled = ({ score: _, ...row }: Readonly<Record<string, unknown>>) => ({ ...row, label: 0 });

function answerOf(at: RowPosition, row: Readonly<Record<string, unknown>>): string {
  const { answer } = row;
  if (typeof answer === 'string' && answer.trim() !== '') return answer.trim();
  throw new DataError(answer === undefined ? 'missing-key' : 'wrong-type', {
    at,
    expected: '"answer" to hold a text',
    got: answer === undefined ? 'none' : JSON.stringify(answer).slice(0, 40),
    remedy: 'give the answer whose likelihood is taken',
  });
}
