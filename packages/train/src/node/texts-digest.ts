import { createHash } from 'node:crypto';
import type { ByteSource, Line } from '@rag/data';
import type { InputRow } from '../encode/input-row.js';
import { readInputRows } from '../encode/input-rows.js';

/** Which texts there are. */
export interface TextsDigest {
  readonly rows: number;
  /** SHA-256 over each text as a JSON string and a line feed, in order; hexadecimal. */
  readonly sha256: string;
}

/** Reads all texts. @throws DataError with file and line */
export async function digestTexts(
  sources: readonly ByteSource[],
  parse: (line: Line) => InputRow,
): Promise<TextsDigest> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const { row } of readInputRows(sources, parse)) {
    hash.update(`${JSON.stringify(row.text)}\n`);
    rows++;
  }
  return { rows, sha256: hash.digest('hex') };
}
