import type { ByteSource } from './byte-source.js';
import { DataError, type DataErrorParts, type Position } from './data-error.js';
import { decodeUtf8 } from './utf8.js';

/** One record of a CSV file; a quoted field may span lines, so `at` is the line it starts on. */
export interface CsvRecord {
  readonly at: Position & { readonly line: number };
  readonly fields: readonly string[];
}

export interface CsvOptions {
  /** Longest record accepted, in bytes. @default 134_217_728 (128 MiB) */
  readonly maxRecordBytes?: number;
}

/** File openings that are no CSV text. */
const signatures = [
  [[0x50, 0x4b, 0x03, 0x04], 'compressed', 'a zip file (.xlsx is one)', 'save the sheet as CSV in UTF-8'],
  [[0x1f, 0x8b], 'compressed', 'a gzip file', 'decompress it first (gunzip)'],
  [[0xff, 0xfe], 'utf-16', 'UTF-16 text', 'save the file as UTF-8'],
  [[0xfe, 0xff], 'utf-16', 'UTF-16 text', 'save the file as UTF-8'],
] as const;

type Syntax = (offset: number, parts: Omit<DataErrorParts, 'at'>) => DataError;

/** Fields of one record's text; quotes, their doubling and stray ones as RFC 4180 section 2 has them. */
function splitFields(text: string, fault: Syntax): string[] {
  const fields: string[] = [];
  for (let from = 0; ; ) {
    let end: number;
    if (text[from] === '"') {
      let close = text.indexOf('"', from + 1);
      while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      if (close < 0) {
        throw fault(from, { expected: 'a closing quote', got: 'the end of the file' });
      }
      fields.push(text.slice(from + 1, close).replaceAll('""', '"'));
      end = close + 1;
      if (end < text.length && text[end] !== ',') {
        const got = JSON.stringify(text[end]);
        const remedy = 'write a quote inside a quoted field twice';
        throw fault(end, { expected: 'a comma after the closing quote', got, remedy });
      }
    } else {
      end = text.indexOf(',', from);
      if (end < 0) end = text.length;
      const field = text.slice(from, end);
      const stray = field.search(/["\r]/);
      if (stray >= 0) {
        const isQuote = field[stray] === '"';
        const got = isQuote ? 'a quote inside an unquoted field' : 'a carriage return without a line feed';
        const remedy = isQuote ? 'quote the field and write its quotes twice' : 'end lines in LF or CRLF';
        throw fault(from + stray, { expected: 'CSV as in RFC 4180', got, remedy });
      }
      fields.push(field);
    }
    if (end === text.length) return fields;
    from = end + 1;
  }
}

function parseRecord(file: string, line: number, bytes: Uint8Array): CsvRecord {
  const text = decodeUtf8(bytes);
  if (typeof text !== 'string') {
    const at = {
      file,
      line: line + bytes.subarray(0, text.invalidAt).filter((byte) => byte === 0x0a).length,
    };
    const got = `byte 0x${bytes[text.invalidAt]?.toString(16).padStart(2, '0')}`;
    throw new DataError('invalid-utf8', { at, expected: 'UTF-8', got, remedy: 'save the file as UTF-8' });
  }
  const fault: Syntax = (offset, parts) => {
    const before = text.slice(0, offset).split('\n');
    const at = { file, line: line + before.length - 1, column: before.at(-1)!.length + 1 };
    return new DataError('unreadable-file', { at, ...parts });
  };
  return { at: { file, line }, fields: splitFields(text, fault) };
}

/**
 * Streams the records of a comma-separated file (RFC 4180), one chunk and one record in memory. Lines end in LF or CRLF;
 * fields are taken as they stand, line ends within quotes included; a UTF-8 byte order mark, which spreadsheet programs
 * write, is left out. Blank lines are yielded as one empty field.
 * Throws DataError at file, line and column; a fault of quoting concerns the whole file, since the records after it
 * cannot be told apart.
 */
export async function* readCsv(source: ByteSource, options: CsvOptions = {}): AsyncGenerator<CsvRecord> {
  const { maxRecordBytes = 2 ** 27 } = options;
  const file = source.name;
  const head = await source.read(0, 4);
  if (head.length === 0) {
    throw new DataError('empty-file', { at: { file }, expected: 'a header line', got: 'an empty file' });
  }
  for (const [signature, fault, got, remedy] of signatures) {
    if (!signature.every((byte, i) => head[i] === byte)) continue;
    throw new DataError(fault, { at: { file }, expected: 'comma-separated text in UTF-8', got, remedy });
  }
  let skip = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  let parts: Uint8Array[] = [];
  let [held, line, newlines, quoted] = [0, 1, 0, false];

  const hold = (part: Uint8Array) => {
    held += part.length;
    if (held > maxRecordBytes) {
      const expected = `a record of at most ${maxRecordBytes} bytes`;
      const remedy = 'look for a quote that is not closed, or raise maxRecordBytes';
      throw new DataError('long-line', { at: { file, line }, expected, got: 'a longer one', remedy });
    }
    parts.push(part.slice());
  };
  const take = (): CsvRecord => {
    const whole = new Uint8Array(held);
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    const record = parseRecord(file, line, whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole);
    parts = [];
    held = 0;
    line += newlines;
    newlines = 0;
    return record;
  };

  for await (const chunk of source.chunks()) {
    let from = Math.min(skip, chunk.length);
    skip -= from;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i];
      // In well-formed text an even number of quotes stands before every line end that ends a record.
      if (byte === 0x22) quoted = !quoted;
      if (byte !== 0x0a) continue;
      newlines++;
      if (quoted) continue;
      hold(chunk.subarray(from, i));
      from = i + 1;
      yield take();
    }
    if (from < chunk.length) hold(chunk.subarray(from));
  }
  if (held > 0) yield take();
}
