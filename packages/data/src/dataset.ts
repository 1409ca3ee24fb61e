import type { ByteSource } from './byte-source.js';
import type { ExampleMaker, ReadingMaker } from './examples.js';
import type { LabelSummary } from './labels.js';
import type { RecordReader } from './record-reader.js';
import { openRows, type RecordsOptions, type RowsOptions, rerankerReader } from './records.js';

/** Examples by number, each a pure function of (number, epoch) over files whose rows are read when needed. */
export interface Dataset<E> {
  /** Examples per epoch. */
  readonly length: number;
  /** Approximate tokens of each example, for length buckets. */
  readonly lengths: Uint32Array;
  /** What was loaded and what was left out; print it with `formatLabelSummary`. */
  readonly summary: LabelSummary;
  /** Hash of the kept rows: compare it before resuming a run by position. */
  readonly fingerprint: string;
  /** Example `index` as the epoch draws it. */
  example(index: number, epoch: number): Promise<E>;
  close(): Promise<void>;
}

/**
 * Opens files as a data set of examples: `openDataset([source], pointwise(), { labelRange: { min: 0, max: 1 } })`.
 * Rows keep file order, sources the order given. A maker that brings no reader takes reranker rows.
 * Takes the sources over, as `openRecords` does; throws DataError, and RangeError where a maker that needs every row is
 * to skip some.
 */
export async function openDataset<E, R>(
  sources: readonly ByteSource[],
  maker: ReadingMaker<E, R>,
  options?: RowsOptions,
): Promise<Dataset<E>>;
export async function openDataset<E>(
  sources: readonly ByteSource[],
  maker: ExampleMaker<E>,
  options?: RecordsOptions,
): Promise<Dataset<E>>;
export async function openDataset<E, R>(
  sources: readonly ByteSource[],
  maker: ReadingMaker<E, R> | ExampleMaker<E>,
  options: RecordsOptions = {},
): Promise<Dataset<E>> {
  if (!('reader' in maker)) return datasetOf(sources, maker, rerankerReader(options), options);
  const { badRows = 'throw' } = options;
  if (maker.everyRow && badRows !== 'throw') {
    for (const source of sources) await source.close();
    const remedy = 'correct the rows, their numbers are those of the vectors';
    throw new RangeError(`badRows: expected "throw" for rows that have vectors, got ${badRows} — ${remedy}`);
  }
  return datasetOf(sources, maker, maker.reader, options);
}

async function datasetOf<E, R>(
  sources: readonly ByteSource[],
  maker: ExampleMaker<E, R>,
  reader: RecordReader<R>,
  options: RowsOptions,
): Promise<Dataset<E>> {
  const { badRows = 'throw' } = options;
  const leavesOut = maker.leavesOut ?? [];
  const firstOf: number[] = [];
  const lengths: number[] = [];
  const skips = badRows === 'skip' ? badRows : [...(badRows === 'throw' ? [] : badRows), ...leavesOut];
  const records = await openRows(sources, reader, { ...options, badRows: skips }, (record, row) => {
    const items = maker.lengths(record, row);
    firstOf.push(lengths.length);
    for (const length of items) lengths.push(length);
  });

  /** The last row whose first example is at or before `index`. */
  const rowOf = (index: number): number => {
    let [low, high] = [0, firstOf.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (firstOf[middle]! <= index) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    length: lengths.length,
    lengths: Uint32Array.from(lengths),
    summary: records.summary,
    fingerprint: records.fingerprint,
    example: async (index, epoch) => {
      if (!(Number.isInteger(index) && index >= 0 && index < lengths.length)) {
        throw new RangeError(`example: expected an index below ${lengths.length}, got ${index}`);
      }
      const row = rowOf(index);
      return maker.make(await records.read(row), row, index - firstOf[row]!, epoch);
    },
    close: records.close,
  };
}
