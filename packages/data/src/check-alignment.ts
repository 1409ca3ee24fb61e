import { DataError, type Position } from './data-error.js';
import type { TeacherVectors } from './teacher-vectors.js';
import { formatTextHash, textHash } from './text-hash.js';

/** Texts by number with the row of their vector: a data set of `texts()` is one. */
export interface AlignedTexts {
  readonly length: number;
  example(
    index: number,
    epoch: number,
  ): Promise<{ readonly at: Position; readonly text: string; readonly row: number }>;
}

/**
 * Checks that vectors belong to texts: their number for a headerless or `.npy` file, and every text's hash where the
 * file stores them. Returns what could be checked, to be told to the user. Throws DataError: `length-mismatch`, or
 * `changed-file` at the first text that is not the one its vector was made from.
 */
export async function checkAlignment(
  vectors: TeacherVectors,
  texts: AlignedTexts,
): Promise<'count' | 'hashes'> {
  if (vectors.rows !== texts.length) {
    throw new DataError('length-mismatch', {
      at: { file: vectors.name },
      expected: `${texts.length} rows (one per text)`,
      got: `${vectors.rows}`,
      remedy: 'encode exactly these texts, in their order and with none left out',
    });
  }
  if (vectors.textHash === undefined) return 'count';
  for (let index = 0; index < texts.length; index++) {
    const { at, text, row } = await texts.example(index, 0);
    const [expected, got] = [await vectors.textHash(row), textHash(text)];
    if (expected === got) continue;
    throw new DataError('changed-file', {
      at,
      expected: `the text of row ${row} of ${vectors.name}, hash ${formatTextHash(expected)}`,
      got: `a text with hash ${formatTextHash(got)}`,
      remedy: 'texts and vectors are out of step; encode the texts again',
    });
  }
  return 'hashes';
}
