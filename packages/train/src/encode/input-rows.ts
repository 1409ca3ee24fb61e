import { type ByteSource, DataError, type Line, readLines } from '@rag/data';
import type { InputRow } from './input-row.js';
import { lineTally } from './line-tally.js';

/** How far input was read: through the line of a row. */
export interface InputPlace {
  /** Over all files, from the first. */
  readonly lines: number;
  /** Hash of those lines. */
  readonly linesHash: string;
}

/** A row, and what was read with it. */
export interface ReadRow<Row = InputRow> {
  readonly row: Row;
  /** Bytes of all files through this row's line, its line end aside. */
  readonly bytes: number;
  /** Valid until the next row is asked for. */
  place(): InputPlace;
}

/** Input whose beginning is not what it was. */
export class ChangedInputError extends Error {
  override readonly name = 'ChangedInputError';
}

/**
 * Streams the rows of files in order, in the memory of one line. Blank lines are a fault unless none but blank ones
 * follow in their file.
 * @param from lines that an earlier run has read: they are passed over, unparsed
 * @throws DataError with file and line; ChangedInputError where the lines passed over are not those that were read
 */
export async function* readInputRows<Row = InputRow>(
  sources: readonly ByteSource[],
  parse: (line: Line) => Row,
  from?: InputPlace,
): AsyncGenerator<ReadRow<Row>, void, undefined> {
  const tally = lineTally();
  const place = (): InputPlace => ({ lines: tally.lines, linesHash: tally.digest() });
  const known = from?.lines ?? 0;
  const checkKnown = (): void => {
    const names = sources.map(({ name }) => name).join(', ');
    if (from !== undefined && tally.digest() !== from.linesHash)
      throw new ChangedInputError(
        `${names}: expected the ${known} lines that were encoded before, got others — give that input again, or pass --overwrite to begin again`,
      );
  };
  let before = 0;
  for (const source of sources) {
    let blank: Line['at'] | undefined;
    let isEmpty = true;
    for await (const line of readLines(source)) {
      tally.add(line.bytes);
      const isBlank = line.bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
      if (tally.lines === known) checkKnown();
      if (isBlank) blank ??= line.at;
      else isEmpty = false;
      if (tally.lines <= known || isBlank) {
        if (tally.lines <= known) blank = undefined;
        continue;
      }
      if (blank !== undefined)
        throw new DataError('empty-line', {
          at: blank,
          expected: 'a row',
          got: 'an empty line',
          remedy: 'remove it',
        });
      yield { row: parse(line), bytes: before + line.offset + line.bytes.length, place };
    }
    if (isEmpty)
      throw new DataError('empty-file', {
        at: { file: source.name },
        expected: 'at least one row',
        got: 'only blank lines',
      });
    before += source.size;
  }
  if (tally.lines < known) checkKnown();
}
