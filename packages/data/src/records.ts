import type { ByteSource } from './byte-source.js';
import { chosenLines, isBlank, type MostRows } from './chosen-lines.js';
import { DataError, isRowError, type RowFault } from './data-error.js';
import { type Line, type LinesOptions, parseLine, readLines } from './jsonl.js';
import { checkLabelRange } from './label-range.js';
import { type LabelSummary, startLabelSummary, tallyLabels } from './labels.js';
import { ignoredKeys, parseRecord, type RecordOptions, type RerankerRecord } from './record.js';
import type { RecordReader } from './record-reader.js';
import type { Row } from './row-fields.js';

/** How files are read, whatever kind of rows they hold. */
export interface RowsOptions extends LinesOptions {
  /**
   * `throw` stops at the first bad row; `skip` leaves bad rows out and counts them in the summary; a list does so for
   * these faults only. @default 'throw'
   */
  readonly badRows?: 'throw' | 'skip' | readonly RowFault[];
  /** Of a file with more rows, so many are read, drawn by a seed; the others are not looked at. */
  readonly mostRows?: MostRows;
  /** Bytes of lines whose records stay parsed in memory; the others are read again when used. @default 64 MiB */
  readonly cacheBytes?: number;
}

/** How files of reranker rows are read. */
export interface RecordsOptions extends RecordOptions, RowsOptions {}

/** Validated rows of one or more files in file order, of which only an index is held in memory. */
export interface Records<R = RerankerRecord> {
  readonly length: number;
  readonly summary: LabelSummary;
  /** Hash of all kept rows in order, 8 hex digits: equal where a run may be resumed by position. */
  readonly fingerprint: string;
  /** The record of a row, 0 ≤ row < length; throws {@link DataError} `changed-file` where the file is not as it was. */
  read(row: number): Promise<R>;
  /** Closes the sources. */
  close(): Promise<void>;
}

/** FNV-1a, 32 bits. */
function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

interface Cached<R> {
  readonly record: R;
  readonly bytes: number;
}

/** Keeps the records used last, up to a number of line bytes. */
function recordCache<R>(limit: number) {
  const cache = new Map<number, Cached<R>>();
  let held = 0;
  return {
    get(row: number): R | undefined {
      const hit = cache.get(row);
      if (hit === undefined) return undefined;
      cache.delete(row);
      cache.set(row, hit);
      return hit.record;
    },
    set(row: number, record: R, bytes: number): void {
      if (bytes > limit || cache.has(row)) return;
      cache.set(row, { record, bytes });
      held += bytes;
      for (const [oldest, { bytes: freed }] of cache) {
        if (held <= limit) break;
        cache.delete(oldest);
        held -= freed;
      }
    },
  };
}

/**
 * Streams the sources once, validating every row, and returns random access to them.
 * It takes the sources over: they are closed with the records, or at once when this fails.
 * Memory: about 40 bytes per row, the longest line, and `cacheBytes` of parsed rows.
 * `visit` sees each accepted record in order; a row {@link DataError} that it throws is treated as the row's own.
 * Throws {@link DataError}, `empty-file` too when no row is left.
 */
export async function openRows<R>(
  sources: readonly ByteSource[],
  reader: RecordReader<R>,
  options: RowsOptions = {},
  visit: (record: R, row: number) => void = () => {},
): Promise<Records<R>> {
  const { badRows = 'throw', cacheBytes = 2 ** 26 } = options;
  if (sources.length === 0) throw new RangeError('openRows: expected at least one source, got none');
  const sourceOf: number[] = [];
  const lineOf: number[] = [];
  const offsetOf: number[] = [];
  const lengthOf: number[] = [];
  const hashOf: number[] = [];
  const summary = startLabelSummary();
  const cache = recordCache<R>(cacheBytes);

  const settle = (error: unknown) => {
    if (!isRowError(error)) throw error;
    if (badRows !== 'skip' && (badRows === 'throw' || !badRows.includes(error.fault))) throw error;
    summary.skip(error);
  };
  const index = (line: Line, source: number) => {
    const value = parseLine(line);
    const record = reader.parse(value, line.at);
    visit(record, lineOf.length);
    summary.add(reader.tally(record), reader.ignoredKeys(value as Row, record), line.at);
    cache.set(lineOf.length, record, line.bytes.length);
    sourceOf.push(source);
    lineOf.push(line.at.line);
    offsetOf.push(line.offset);
    lengthOf.push(line.bytes.length);
    hashOf.push(hashBytes(line.bytes));
  };
  const indexSource = async (source: ByteSource, sourceIndex: number) => {
    // Blank lines are a fault only when a row follows: many tools end a file with some.
    let blank: unknown;
    let blanks = 0;
    const rowsBefore = lineOf.length;
    const chosen = options.mostRows && (await chosenLines(source, sourceIndex, options.mostRows, options));
    for await (const line of readLines(source, options)) {
      if (chosen && !chosen.has(line.at.line) && !isBlank(line.bytes)) continue;
      try {
        index(line, sourceIndex);
      } catch (error) {
        if (isRowError(error) && error.fault === 'empty-line') {
          if (blanks++ === 0) blank = error;
          continue;
        }
        settle(error);
      }
      for (; blanks > 0; blanks--) settle(blank);
    }
    if (lineOf.length > rowsBefore) return;
    const skipped = Object.keys(summary.summary().skipped);
    const got = skipped.length > 0 ? `none, all were left out (${skipped.join(', ')})` : 'only blank lines';
    throw new DataError('empty-file', {
      at: { file: source.name },
      expected: 'at least one usable row',
      got,
    });
  };
  const close = async () => {
    for (const source of sources) await source.close();
  };
  try {
    for (const [sourceIndex, source] of sources.entries()) await indexSource(source, sourceIndex);
  } catch (error) {
    await close();
    throw error;
  }

  const hashes = Uint32Array.from(hashOf);
  const changed = (at: { file: string; line: number }, cause?: unknown) =>
    new DataError('changed-file', {
      at,
      expected: 'the row that was indexed',
      got: 'other bytes',
      remedy: 'do not write to a data file while it is in use',
      cause,
    });
  return {
    length: lineOf.length,
    summary: summary.summary(),
    fingerprint: hashBytes(new Uint8Array(hashes.buffer)).toString(16).padStart(8, '0'),
    async read(row) {
      const line = lineOf[row];
      if (line === undefined) throw new RangeError(`read: expected a row below ${lineOf.length}, got ${row}`);
      const known = cache.get(row);
      if (known !== undefined) return known;
      const source = sources[sourceOf[row]!]!;
      const at = { file: source.name, line };
      const bytes = await source.read(offsetOf[row]!, lengthOf[row]!);
      if (bytes.length !== lengthOf[row] || hashBytes(bytes) !== hashes[row]) throw changed(at);
      const record = reader.parse(parseLine({ at, bytes }), at);
      cache.set(row, record, bytes.length);
      return record;
    },
    close,
  };
}

/** Reads the rows of reranker files. */
export function rerankerReader(options: RecordOptions = {}): RecordReader<RerankerRecord> {
  if (options.labelRange !== undefined) checkLabelRange(options.labelRange);
  return {
    parse: (value, at) => parseRecord(value, at, options),
    ignoredKeys: (row, record) => ignoredKeys(row, record, options.labelKey),
    tally: tallyLabels,
  };
}

/** {@link openRows} for files of reranker rows. */
export async function openRecords(
  sources: readonly ByteSource[],
  options: RecordsOptions = {},
  visit?: (record: RerankerRecord, row: number) => void,
): Promise<Records> {
  return openRows(sources, rerankerReader(options), options, visit);
}
