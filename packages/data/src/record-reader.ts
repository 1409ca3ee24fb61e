import type { RowPosition } from './record.js';
import type { Row } from './row-fields.js';

/** What one row adds to a summary. */
export interface RowTally {
  readonly shape: string;
  /** The row's query, or its text where it has no passages. */
  readonly query: string;
  readonly positives: number;
  readonly negatives: number;
  /** Passages that have a score and no side. */
  readonly scored: number;
  /** The labels or scores that the row gives or, by its sides, means; any number of them. */
  readonly labels: readonly number[];
}

/** How the rows of one kind of file are read. */
export interface RecordReader<R> {
  /** Validates one parsed row, judged on itself alone; throws DataError with the row's position. */
  parse(value: unknown, at: RowPosition): R;
  /** The keys of a row that its shape does not read, such as an `id`. */
  ignoredKeys(row: Row, record: R): readonly string[];
  tally(record: R): RowTally;
}
