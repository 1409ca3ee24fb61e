import type { ByteSource } from './byte-source.js';
import { type LinesOptions, readLines } from './jsonl.js';
import { at } from './random.js';

/** How many rows of each file are read at most. */
export interface MostRows {
  readonly count: number;
  /** Which rows of a file with more are read is a function of it, the file's place among the sources and its number of rows. */
  readonly seed: number;
}

/** The fewest bytes of a row, with its line end: `{}`. */
const ROW_BYTES = 3;

/**
 * The lines of a source whose rows are read, where it has more than so many; undefined where all of them are. The source is streamed once more.
 * @param source which of the sources it is, from 0
 */
export async function chosenLines(
  source: ByteSource,
  index: number,
  { count, seed }: MostRows,
  options: LinesOptions = {},
): Promise<ReadonlySet<number> | undefined> {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new RangeError(`mostRows: expected an integer from 1, got ${count}`);
  if (source.size < ROW_BYTES * count) return undefined;
  const lines: number[] = [];
  for await (const { at, bytes } of readLines(source, options)) if (!isBlank(bytes)) lines.push(at.line);
  if (lines.length <= count) return undefined;
  const order = at(seed, 'rows', index).permutation(lines.length);
  return new Set(Array.from(order.subarray(0, count), (row) => lines[row]!));
}

/** Whether a line holds only spaces, tabs and carriage returns. */
export const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
