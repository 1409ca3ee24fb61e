import type { TokenSequence } from '../text-encoder.js';

/** The rows of `token_vectors` that stand for one text. */
export interface TokenRows {
  readonly rows: readonly number[];
  /** What each counts in a query's sum. */
  readonly weight: number;
}

interface RowOptions {
  /** Divide by the number of the query's vectors. */
  readonly divide: boolean;
  /** Count as the original does; see `queryRows` and `passageRows`. */
  readonly compat: boolean;
}

/**
 * The vectors of a query and what each counts: 1, or 1 / their number. `compat` divides by the number of tokens after the
 * first, masked ones included. A query whose tokens are all masked has no rows: it scores 0 with every passage.
 */
export function queryRows(sequence: TokenSequence, first: number, { divide, compat }: RowOptions): TokenRows {
  const rows = scoredRows(sequence, first);
  const count = compat ? sequence.attention.slice(1).reduce((sum, one) => sum + one, 0) : rows.length;
  return { rows, weight: divide && count > 0 ? 1 / count : 1 };
}

/**
 * The vectors of a passage. `compat`: with a zero row where the original has one, in every passage that it pads to `length`
 * and in every one with a masked token after the first; each query token then adds at least 0. A passage whose tokens are
 * all masked is one zero row: it scores 0 with every query.
 */
export function passageRows(
  sequence: TokenSequence,
  first: number,
  {
    zeroRow,
    length,
    compat,
  }: { readonly zeroRow: number; readonly length: number; readonly compat: boolean },
): readonly number[] {
  const rows = scoredRows(sequence, first);
  const padded = sequence.input_ids.length < length || sequence.scored.includes(0, 1);
  return rows.length === 0 || (compat && padded) ? [...rows, zeroRow] : rows;
}

const scoredRows = ({ scored }: TokenSequence, first: number): number[] =>
  scored.flatMap((one, i) => (one === 1 ? [first + i] : []));
