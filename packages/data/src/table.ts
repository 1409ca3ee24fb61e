import type { ByteSource } from './byte-source.js';
import { readCsv } from './csv.js';
import { DataError, type Position } from './data-error.js';
import { type Line, parseLine, readLines } from './jsonl.js';
import { nearestKey } from './nearest-key.js';
import { describeValue, isRow, type Row } from './row-fields.js';

export type TableFormat = 'csv' | 'jsonl';

/** A line of a table, parsed when it is asked for, so that a bad one can be left out. */
export interface TableRow {
  readonly at: Position & { readonly line: number };
  /** Values by column name; throws DataError where the line is none of the table's. */
  row(): Row;
}

/** The format that a file's name says; RangeError where it says none. */
export function tableFormat(name: string): TableFormat {
  const ending = /\.(csv|jsonl|ndjson|json)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === 'csv') return 'csv';
  if (ending !== undefined) return 'jsonl';
  throw new RangeError(`${name}: expected a name in .csv, .jsonl or .ndjson, got another — give the format`);
}

/** Checks a CSV header: every column asked for is there, and no name twice. */
function checkHeader(at: Position, header: readonly string[], columns: readonly string[]): void {
  const twice = header.find((name, i) => name !== '' && header.indexOf(name) < i);
  if (twice !== undefined) {
    throw new DataError('unreadable-file', {
      at,
      expected: 'different column names',
      got: `${JSON.stringify(twice)} twice`,
    });
  }
  for (const column of columns) {
    if (header.includes(column)) continue;
    const near = nearestKey(column, header);
    const semicolons = header.length === 1 && /[;\t]/.test(header[0]!);
    const remedy = semicolons
      ? 'separate the columns by commas'
      : `name the column to read${near === undefined ? '' : `; did you mean "${near}"?`}`;
    throw new DataError('unreadable-file', {
      at,
      expected: `a column "${column}"`,
      got: header.map((name) => JSON.stringify(name)).join(', '),
      remedy,
    });
  }
}

function emptyLine(at: Position): DataError {
  return new DataError('empty-line', { at, expected: 'a row', got: 'an empty line', remedy: 'remove it' });
}

async function* csvRows(source: ByteSource, columns: readonly string[]): AsyncGenerator<TableRow | Blank> {
  let header: readonly string[] | undefined;
  for await (const { at, fields } of readCsv(source)) {
    if (header === undefined) {
      header = fields;
      checkHeader(at, header, columns);
    } else if (fields.length === 1 && fields[0] === '') yield { at };
    else {
      const names = header;
      const row = (): Row => {
        if (fields.length === names.length)
          return Object.fromEntries(names.map((name, i) => [name, fields[i]]));
        const expected = `${names.length} fields (one per column)`;
        const remedy = 'quote fields that hold commas';
        throw new DataError('length-mismatch', { at, expected, got: `${fields.length}`, remedy });
      };
      yield { at, row };
    }
  }
}

async function* jsonRows(source: ByteSource): AsyncGenerator<TableRow | Blank> {
  for await (const { at, bytes } of readLines(source)) {
    if (bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) yield { at };
    else yield { at, row: () => objectOf({ at, bytes }) };
  }
}

function objectOf(line: Pick<Line, 'at' | 'bytes'>): Row {
  const value = parseLine(line);
  if (isRow(value)) return value;
  throw new DataError('wrong-type', { at: line.at, expected: 'a JSON object', got: describeValue(value) });
}

/** A line with nothing on it. */
interface Blank {
  readonly at: Position & { readonly line: number };
  readonly row?: never;
}

/**
 * Streams a table's rows: a CSV file with a header line, or JSON lines. Blank lines are rows that throw `empty-line`
 * where another row follows, and nothing at the end, where many tools leave some.
 * `columns` must be in a CSV header; DataError otherwise, naming those that are.
 */
export async function* readTable(
  source: ByteSource,
  format: TableFormat,
  columns: readonly string[],
): AsyncGenerator<TableRow> {
  const rows = format === 'csv' ? csvRows(source, columns) : jsonRows(source);
  let [blank, blanks]: [Blank['at'] | undefined, number] = [undefined, 0];
  for await (const line of rows) {
    if (line.row === undefined) {
      blank ??= line.at;
      blanks++;
      continue;
    }
    for (; blanks > 0; blanks--) {
      const at = blank!;
      yield {
        at,
        row: () => {
          throw emptyLine(at);
        },
      };
    }
    blank = undefined;
    yield line;
  }
}
