import { DataError } from './data-error.js';
import type { RowPosition } from './record.js';
import type { RecordReader, RowTally } from './record-reader.js';
import {
  isRow,
  missing,
  type Row,
  readNumbers,
  readPositives,
  readString,
  readText,
  readTexts,
  rejectMisnamed,
  wrongType,
} from './row-fields.js';

interface EmbeddingRecordBase {
  readonly at: RowPosition;
  /** Stands in front of the query, with no separator; absent where the row has none or an empty one. */
  readonly prompt_for_query?: string;
}

/** `{query, pos}`: passages that answer the query; the other passages of a batch are its negatives. */
export interface PairRecord extends EmbeddingRecordBase {
  readonly shape: 'pair';
  readonly query: string;
  /** At least one. */
  readonly pos: readonly string[];
}

/** `{query, pos, neg}`: with passages that do not answer it, and a teacher's scores of either side where given. */
export interface TripletRecord extends EmbeddingRecordBase {
  readonly shape: 'triplet';
  readonly query: string;
  /** At least one. */
  readonly pos: readonly string[];
  /** Empty where the row lists none. */
  readonly neg: readonly string[];
  readonly pos_scores?: readonly number[];
  readonly neg_scores?: readonly number[];
}

/** `{query, pos, scores}`: passages, right and wrong ones, each with a teacher's score. */
export interface ScoredRecord extends EmbeddingRecordBase {
  readonly shape: 'scored';
  readonly query: string;
  /** At least one. */
  readonly pos: readonly string[];
  /** One per passage, as written. */
  readonly scores: readonly number[];
}

/** `{query}` as the originals write a text to distil, or `{text}`. */
export interface TextRecord extends EmbeddingRecordBase {
  readonly shape: 'text';
  readonly text: string;
}

/** One row of an embedding or ColBERT file, validated; every number in it is finite. */
export type EmbeddingRecord = PairRecord | TripletRecord | ScoredRecord | TextRecord;

const sideKeys = ['pos', 'neg', 'scores', 'pos_scores', 'neg_scores'];
const rerankerKeys = ['content', 'hits'];

/** The row's query or text with its prompt in front, as a model reads it. */
export function promptedQuery(record: EmbeddingRecord): string {
  return (record.prompt_for_query ?? '') + (record.shape === 'text' ? record.text : record.query);
}

function readPrompt(at: RowPosition, row: Row): { prompt_for_query?: string } {
  const prompt = row.prompt_for_query ?? '';
  return prompt === '' ? {} : { prompt_for_query: readString(at, '"prompt_for_query"', prompt) };
}

function scoresOf(at: RowPosition, row: Row, key: string, texts: readonly string[], side: string) {
  return Object.hasOwn(row, key) ? readNumbers(at, key, row[key], texts.length, side) : undefined;
}

function parseText(at: RowPosition, row: Row): TextRecord {
  const present = ['query', 'text'].filter((key) => Object.hasOwn(row, key));
  const key = present[0];
  if (key === undefined) throw missing(at, row, '"query", or "text" alone');
  if (present.length > 1) {
    const expected = '"query", or "text" alone';
    const remedy = 'drop one of them, or give "pos" beside "query"';
    throw new DataError('ambiguous-shape', { at, expected, got: 'both', remedy });
  }
  const text = readText(at, `"${key}"`, row[key], key === 'query' ? 'empty-query' : 'empty-passage');
  return { shape: 'text', at, text, ...readPrompt(at, row) };
}

function parsePassages(at: RowPosition, row: Row): PairRecord | TripletRecord | ScoredRecord {
  const has = (key: string) => Object.hasOwn(row, key);
  if (!has('query')) throw missing(at, row, '"query"');
  const rival = ['neg', 'pos_scores', 'neg_scores'].find(has);
  if (has('scores') && rival !== undefined) {
    const remedy = 'score "neg" with neg_scores and "pos" with pos_scores';
    const got = `"scores" and "${rival}"`;
    throw new DataError('ambiguous-shape', { at, expected: 'one kind of score', got, remedy });
  }
  const query = readText(at, '"query"', row.query, 'empty-query');
  const base = { at, query, ...readPrompt(at, row), pos: readPositives(at, row.pos) };
  if (!has('neg')) {
    if (has('neg_scores')) throw missing(at, row, '"neg" beside "neg_scores"');
    const scores = scoresOf(at, row, has('scores') ? 'scores' : 'pos_scores', base.pos, 'pos');
    return scores ? { shape: 'scored', ...base, scores } : { shape: 'pair', ...base };
  }
  const neg = readTexts(at, '"neg"', row.neg);
  const posScores = scoresOf(at, row, 'pos_scores', base.pos, 'pos');
  const negScores = scoresOf(at, row, 'neg_scores', neg, 'neg');
  return {
    shape: 'triplet',
    ...base,
    neg,
    ...(posScores && { pos_scores: posScores }),
    ...(negScores && { neg_scores: negScores }),
  };
}

/**
 * Validates one parsed row of an embedding or ColBERT file and says which shape it has, judged on this row alone:
 * `{query, pos}`, `{query, pos, neg}` with or without `pos_scores` and `neg_scores`, `{query, pos, scores}` (also
 * spelled `pos_scores`), or `{query}` or `{text}` alone; `prompt_for_query` in any. Other keys are ignored unless they
 * look like a slip for one that is absent. Throws {@link DataError} with the row's position.
 */
export function parseEmbeddingRecord(value: unknown, at: RowPosition): EmbeddingRecord {
  if (!isRow(value)) throw wrongType(at, 'the row', 'an object', value);
  const row = value;
  const has = (key: string) => Object.hasOwn(row, key);
  const foreign = has('query') && !has('pos') ? rerankerKeys.find(has) : undefined;
  if (foreign !== undefined) {
    const remedy = 'train a reranker on such rows, or write them as {query, pos, scores}';
    const expected = '"pos" beside "query"';
    throw new DataError('unfit-shape', { at, expected, got: `a reranker row with "${foreign}"`, remedy });
  }
  rejectMisnamed(at, row, ['query', 'prompt_for_query', ...sideKeys]);
  if (!has('pos')) {
    const lone = sideKeys.find(has);
    if (lone !== undefined) throw missing(at, row, `"pos" beside "${lone}"`);
    return parseText(at, row);
  }
  return parsePassages(at, row);
}

function tally(record: EmbeddingRecord): RowTally {
  const none = { shape: record.shape, positives: 0, negatives: 0, scored: 0, labels: [] };
  switch (record.shape) {
    case 'text':
      return { ...none, query: record.text };
    case 'scored':
      return { ...none, query: record.query, scored: record.pos.length, labels: record.scores };
    case 'pair':
      return { ...none, query: record.query, positives: record.pos.length };
    case 'triplet': {
      const { query, pos, neg, pos_scores = [], neg_scores = [] } = record;
      const labels = [...pos_scores, ...neg_scores];
      return { ...none, query, positives: pos.length, negatives: neg.length, labels };
    }
  }
}

/** Reads the rows of embedding and ColBERT files. */
export const embeddingReader: RecordReader<EmbeddingRecord> = {
  parse: parseEmbeddingRecord,
  ignoredKeys: (row, { shape }) => {
    const read = shape === 'text' ? ['query', 'text'] : ['query', ...sideKeys];
    return Object.keys(row).filter((key) => key !== 'prompt_for_query' && !read.includes(key));
  },
  tally,
};

/** An error for a row whose shape the examples asked for cannot be made of. */
export function unfitRow(record: EmbeddingRecord, expected: string, got: string, remedy: string): DataError {
  return new DataError('unfit-shape', { at: record.at, expected, got, remedy });
}
