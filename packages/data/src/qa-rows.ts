import type { ByteSource } from './byte-source.js';
import { DataError, formatPosition, isRowError, type Position, type RowFault } from './data-error.js';
import type { Skipped } from './labels.js';
import { describeValue, missing, type Row, readText, wrongType } from './row-fields.js';
import { readTable, type TableFormat } from './table.js';

/** Which columns and rows of a question and answer table are read. */
export interface QaColumns {
  /** Column of the questions. @default 'question' */
  readonly question?: string;
  /** Column of the passages to find: the answers, or the contexts that they were taken from. @default 'answer' */
  readonly passage?: string;
  /** Column of a category; with it negatives come from rows of the same category, which are harder to tell apart. */
  readonly category?: string;
  /** Values that columns must have for a row to be used: `{ dataset: 'train', qa_type: 'detailed' }`. */
  readonly where?: Readonly<Record<string, string>>;
  /** Whether a bad row throws or is left out and counted. @default 'throw' */
  readonly badRows?: 'throw' | 'skip';
}

/** A question and its passage; `category` is empty without a category column. */
export interface QaRow {
  readonly at: Position & { readonly line: number };
  readonly question: string;
  readonly passage: string;
  readonly category: string;
}

/** One line of training data. */
export interface QaSample {
  readonly query: string;
  readonly pos: readonly string[];
  readonly neg: readonly string[];
}

/** Counts of a walk under way. */
export interface QaCounts {
  /** Rows used. */
  rows: number;
  /** Rows that `where` left out. */
  elsewhere: number;
  /** Samples made. */
  samples: number;
  /** Questions that got fewer negatives than asked for, since there are no more. */
  shortQuestions: number;
  /** Rows dropped because their question occurred before (`compat`). */
  repeatedQuestions: number;
  /** Rows left out because something is wrong with them (`badRows: 'skip'`), by fault. */
  readonly skipped: Partial<Record<RowFault, Skipped>>;
}

export function startCounts(): QaCounts {
  return { rows: 0, elsewhere: 0, samples: 0, shortQuestions: 0, repeatedQuestions: 0, skipped: {} };
}

/** Counts a row that is left out, keeping the place of the first. */
export function countSkipped(counts: QaCounts, fault: RowFault, at: Position): void {
  const before = counts.skipped[fault];
  counts.skipped[fault] = { count: (before?.count ?? 0) + 1, first: before?.first ?? formatPosition(at) };
}

/** A row that gets no negative at all. */
export function noNegatives({ at, category }: QaRow): DataError {
  const where = category === '' ? 'another row' : `another row of category ${JSON.stringify(category)}`;
  const remedy = 'add rows, leave the category out, or skip bad rows';
  return new DataError('no-contrast', {
    at,
    expected: `a different answer in ${where}`,
    got: 'none',
    remedy,
  });
}

/** A short value as text: JSON lines may write a category or a flag as a number. */
function readLabel(at: Position, row: Row, column: string): string {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) throw missing(at, row, `"${column}"`, 'name the column to read');
  throw wrongType(at, `"${column}"`, 'a string, number or boolean', value);
}

function readColumn(at: Position, row: Row, column: string, emptyFault: RowFault): string {
  if (!Object.hasOwn(row, column)) throw missing(at, row, `"${column}"`, 'name the column to read');
  return readText(at, `"${column}"`, row[column], emptyFault);
}

/**
 * Streams the rows of a question and answer table that `where` takes, adding to `counts`. Texts are as the table has
 * them, not trimmed. Throws DataError at file and line for a missing or blank question, passage or category.
 */
export async function* readQaRows(
  source: ByteSource,
  format: TableFormat,
  columns: QaColumns,
  counts: QaCounts,
): AsyncGenerator<QaRow> {
  const { question = 'question', passage = 'answer', category, where = {}, badRows = 'throw' } = columns;
  const conditions = Object.entries(where);
  const wanted = [question, passage, ...(category === undefined ? [] : [category]), ...Object.keys(where)];
  const parse = (at: QaRow['at'], row: Row): QaRow | undefined => {
    if (conditions.some(([column, value]) => readLabel(at, row, column) !== value)) return undefined;
    const group = category === undefined ? '' : readLabel(at, row, category);
    if (category !== undefined && group.trim() === '') {
      const expected = `"${category}" to hold a category`;
      throw new DataError('missing-key', { at, expected, got: describeValue(group) });
    }
    return {
      at,
      question: readColumn(at, row, question, 'empty-query'),
      passage: readColumn(at, row, passage, 'empty-pos'),
      category: group,
    };
  };
  for await (const line of readTable(source, format, wanted)) {
    let row: QaRow | undefined;
    try {
      row = parse(line.at, line.row());
    } catch (error) {
      if (badRows !== 'skip' || !isRowError(error)) throw error;
      countSkipped(counts, error.fault, line.at);
      continue;
    }
    if (row === undefined) counts.elsewhere++;
    else {
      counts.rows++;
      yield row;
    }
  }
}
