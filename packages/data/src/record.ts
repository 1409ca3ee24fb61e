import { DataError, type Position } from './data-error.js';
import { type LabelRange, scaleLabel } from './label-range.js';
import {
  isRow,
  missing,
  type Row,
  readNumber,
  readNumbers,
  readPositives,
  readText,
  readTexts,
  rejectMisnamed,
  wrongType,
} from './row-fields.js';

/** Position of a row: its file and line. */
export type RowPosition = Position & { readonly line: number };

interface RecordBase {
  readonly at: RowPosition;
  readonly query: string;
}

/** `{query, pos, neg, pos_scores, neg_scores}`: passages listed by side, scores optional for each side. */
export interface ListsRecord extends RecordBase {
  readonly shape: 'lists';
  /** At least one. */
  readonly pos: readonly string[];
  /** Empty when the row has none. */
  readonly neg: readonly string[];
  readonly pos_scores?: readonly number[];
  readonly neg_scores?: readonly number[];
}

/** `{query, content, label}` or, with shape `scored`, `{query, content, score}` as distillation writes it. */
export interface LabelledRecord extends RecordBase {
  readonly shape: 'labelled' | 'scored';
  readonly content: string;
  readonly label: number;
}

export interface Hit {
  readonly content: string;
  readonly label: number;
}

/** `{query, hits: [{content, label}]}`: one query with graded passages. */
export interface HitsRecord extends RecordBase {
  readonly shape: 'hits';
  /** At least one. */
  readonly hits: readonly Hit[];
}

/** One row of a reranker file, validated; every number in it is finite and scaled when a range was given. */
export type RerankerRecord = ListsRecord | LabelledRecord | HitsRecord;

export interface RecordOptions {
  /**
   * Key that holds the label of a row or hit (`train_label_key`). Without it `label` is read, or else `score`;
   * a row that has both is then an error.
   */
  readonly labelKey?: string;
  /** Scales labels and scores to [0, 1]; outside the range is an error. Without it they stay as written. */
  readonly labelRange?: LabelRange;
}

const listsKeys = ['pos', 'neg', 'pos_scores', 'neg_scores'];

/** The keys of a row that no shape reads, such as an `id`. */
export function ignoredKeys(row: Row, record: RerankerRecord, labelKey?: string): string[] {
  const read = new Set(['query', ...(record.shape === 'lists' ? listsKeys : [])]);
  if (record.shape === 'hits') read.add('hits');
  if (record.shape === 'labelled' || record.shape === 'scored') {
    read.add('content').add(labelKey ?? (record.shape === 'scored' ? 'score' : 'label'));
  }
  return Object.keys(row).filter((key) => !read.has(key));
}

interface FoundLabel {
  readonly label: number;
  readonly key: string;
}

/** The label of a row or hit under the key in force. */
function readLabel(
  at: Position,
  row: Row,
  where: string,
  { labelKey, labelRange }: RecordOptions,
): FoundLabel {
  const candidates = labelKey === undefined ? ['label', 'score'] : [labelKey];
  const present = candidates.filter((key) => Object.hasOwn(row, key));
  if (present.length > 1) {
    const remedy = 'say which one with train_label_key';
    const got = `both "label" and "score"`;
    throw new DataError('ambiguous-shape', { at, expected: `one label${where}`, got, remedy });
  }
  const key = present[0];
  if (key === undefined) {
    const expected = `${candidates.map((name) => `"${name}"`).join(' or ')}${where}`;
    const other = ['label', 'score'].find((name) => Object.hasOwn(row, name));
    throw missing(at, row, expected, other && `set train_label_key to "${other}" to read that`);
  }
  const number = readNumber(at, `"${key}"${where}`, row[key]);
  const label = labelRange === undefined ? number : scaleLabel(number, labelRange, at, `"${key}"${where}`);
  return { label, key };
}

function readSide(
  at: Position,
  row: Row,
  side: 'pos' | 'neg',
  range: LabelRange | undefined,
): number[] | undefined {
  const key = `${side}_scores`;
  if (!Object.hasOwn(row, key)) return undefined;
  const texts = row[side];
  if (!Array.isArray(texts)) throw missing(at, row, `"${side}" beside "${key}"`);
  const scores = readNumbers(at, key, row[key], texts.length, side);
  if (range === undefined) return scores;
  return scores.map((score, i) => scaleLabel(score, range, at, `"${key}"[${i}]`));
}

function parseLists(at: RowPosition, query: string, row: Row, options: RecordOptions): ListsRecord {
  const pos = readPositives(at, row.pos);
  const neg = Object.hasOwn(row, 'neg') ? readTexts(at, '"neg"', row.neg) : [];
  const posScores = readSide(at, row, 'pos', options.labelRange);
  const negScores = readSide(at, row, 'neg', options.labelRange);
  return {
    shape: 'lists',
    at,
    query,
    pos,
    neg,
    ...(posScores && { pos_scores: posScores }),
    ...(negScores && { neg_scores: negScores }),
  };
}

function parseHits(at: RowPosition, query: string, row: Row, options: RecordOptions): HitsRecord {
  if (!Array.isArray(row.hits)) throw wrongType(at, '"hits"', 'a list of {content, label}', row.hits);
  if (row.hits.length === 0) {
    throw new DataError('empty-hits', { at, expected: '"hits" to hold a passage', got: 'an empty list' });
  }
  const hits = row.hits.map((hit: unknown, i): Hit => {
    const where = ` in "hits"[${i}]`;
    if (!isRow(hit)) throw wrongType(at, `"hits"[${i}]`, 'an object {content, label}', hit);
    rejectMisnamed(at, hit, labelledKeys(hit, options), where);
    if (!Object.hasOwn(hit, 'content')) throw missing(at, hit, `"content"${where}`);
    const content = readText(at, `"content"${where}`, hit.content, 'empty-passage');
    return { content, label: readLabel(at, hit, where, options).label };
  });
  return { shape: 'hits', at, query, hits };
}

function labelledKeys(row: Row, { labelKey }: RecordOptions): string[] {
  if (labelKey !== undefined) return ['content', labelKey];
  return ['content', Object.hasOwn(row, 'score') ? 'score' : 'label'];
}

/**
 * Validates one parsed row of a reranker file and says which shape it has, judged on this row alone.
 * Keys that no shape reads are ignored ({@link ignoredKeys} lists them), unless they look like a slip for one that
 * is absent. Throws {@link DataError} with the row's position.
 */
export function parseRecord(value: unknown, at: RowPosition, options: RecordOptions = {}): RerankerRecord {
  if (!isRow(value)) throw wrongType(at, 'the row', 'an object', value);
  const present = ['pos', 'content', 'hits'].filter((key) => Object.hasOwn(value, key));
  const shape = present[0];
  if (present.length > 1) {
    const got = present.map((key) => `"${key}"`).join(' and ');
    throw new DataError('ambiguous-shape', { at, expected: 'one of "pos", "content", "hits"', got });
  }
  const known =
    shape === 'pos'
      ? listsKeys
      : shape === 'hits'
        ? ['hits']
        : shape
          ? labelledKeys(value, options)
          : undefined;
  rejectMisnamed(at, value, ['query', ...(known ?? ['pos', 'content', 'hits'])]);
  if (!Object.hasOwn(value, 'query')) throw missing(at, value, '"query"');
  if (shape === undefined) throw missing(at, value, '"pos", "content" or "hits" beside "query"');
  const query = readText(at, '"query"', value.query, 'empty-query');
  if (shape === 'pos') return parseLists(at, query, value, options);
  if (shape === 'hits') return parseHits(at, query, value, options);
  const content = readText(at, '"content"', value.content, 'empty-passage');
  const { label, key } = readLabel(at, value, '', options);
  return { shape: key === 'score' ? 'scored' : 'labelled', at, query, content, label };
}
