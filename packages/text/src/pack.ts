import { type Ladder, sizeLadder } from './ladder.js';
import type { EncodedIds } from './template.js';

export interface PackOptions {
  /** Id of filler tokens. */
  padId: number;
  /** `packed`: only real tokens are rows; `padded`: every cell of the block is a row, as the originals compute. */
  mode: 'packed' | 'padded';
  /** Default: `sizeLadder()`. */
  ladder?: Ladder;
}

/**
 * A batch as graph inputs. Everything but attention computes on rows of `[tokens]`; attention sees blocks of
 * `[batch, seq]` cells. int64 arrays are BigInt64Array.
 */
export interface PackedBatch {
  /** int64 `[tokens]` */
  input_ids: BigInt64Array;
  /** int64 `[tokens]` */
  token_type_ids: BigInt64Array;
  /** int64 `[tokens]`, from 0 inside each sequence; 0 for padding and filler, which may lie beyond a model's positions */
  position_ids: BigInt64Array;
  /** int64 `[batch, seq]`: the row of each cell; padding cells of `packed` name the filler row tokens − 1 */
  block_index: BigInt64Array;
  /** int64 `[tokens]`: the flat cell of each row; fillers name the first padding cell */
  token_index: BigInt64Array;
  /** float32 `[batch, seq]`: 1 for real cells, 0 for padding */
  attention_mask: Float32Array;
  /** int64 `[batch]`: the row of each sequence's first token */
  first_token: BigInt64Array;
  batch: number;
  seq: number;
  /** Rows, fillers included; the last row is always a filler. */
  tokens: number;
  /** Rows that come from the sequences. */
  realTokens: number;
}

/**
 * Packs sequences, in their order, into one batch. Row and column counts are rounded up by the ladder with
 * masked filler; there is always at least one filler row, the last, and one padding cell, which filler rows name: a
 * filler row that named a real cell would bring that cell's gradient into the parameters. Throws RangeError for an empty batch or
 * sequence, unequal lengths, ids that are no non-negative integers, or a ladder that rounds down.
 */
export function packSequences(sequences: readonly EncodedIds[], options: PackOptions): PackedBatch {
  const { padId, mode, ladder = sizeLadder() } = options;
  if (sequences.length === 0)
    throw new RangeError('packSequences: expected at least one sequence, got none — skip it');
  checkIds([padId], 'padId');
  let realTokens = 0;
  let longest = 0;
  let shortest = Number.POSITIVE_INFINITY;
  sequences.forEach((sequence, row) => {
    const { length } = sequence.input_ids;
    if (length === 0 || sequence.token_type_ids.length !== length)
      throw new RangeError(
        `packSequences: sequence ${row}: expected as many token_type_ids as input_ids and at least one, ` +
          `got ${sequence.token_type_ids.length} and ${length} — encode it with its template`,
      );
    checkIds(sequence.input_ids, `sequence ${row} input_ids`);
    checkIds(sequence.token_type_ids, `sequence ${row} token_type_ids`);
    realTokens += length;
    longest = Math.max(longest, length);
    shortest = Math.min(shortest, length);
  });
  const batch = sequences.length;
  const columns = atLeast(ladder.seq(longest), longest, 'seq');
  const seq = shortest === columns ? withPadding(columns) : columns;
  const cells = batch * seq;
  const padded = mode === 'padded';
  const tokens = padded ? cells + 1 : atLeast(ladder.tokens(realTokens + 1), realTokens + 1, 'tokens');

  const input_ids = new BigInt64Array(tokens).fill(BigInt(padId));
  const token_type_ids = new BigInt64Array(tokens);
  const position_ids = new BigInt64Array(tokens);
  const block_index = new BigInt64Array(cells).fill(BigInt(tokens - 1));
  const token_index = new BigInt64Array(tokens);
  const attention_mask = new Float32Array(cells);
  const first_token = new BigInt64Array(batch);
  let firstPadding: number | undefined;
  let next = 0;
  sequences.forEach((sequence, row) => {
    first_token[row] = BigInt(next);
    const { length } = sequence.input_ids;
    for (let column = 0; column < (padded ? seq : length); column += 1) {
      const cell = row * seq + column;
      block_index[cell] = BigInt(next);
      token_index[next] = BigInt(cell);
      if (column < length) {
        position_ids[next] = BigInt(column);
        input_ids[next] = BigInt(sequence.input_ids[column]!);
        token_type_ids[next] = BigInt(sequence.token_type_ids[column]!);
        attention_mask[cell] = 1;
      }
      next += 1;
    }
    if (length < seq) firstPadding ??= row * seq + length;
  });
  token_index.fill(BigInt(firstPadding!), next);
  return {
    input_ids,
    token_type_ids,
    position_ids,
    block_index,
    token_index,
    attention_mask,
    first_token,
    batch,
    seq,
    tokens,
    realTokens,
  };
}

/** More columns than every sequence fills, in a multiple of 8 where they were one. */
const withPadding = (columns: number): number => columns + (columns % 8 === 0 ? 8 : 1);

function checkIds(ids: readonly number[], what: string): void {
  const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0);
  if (wrong !== undefined)
    throw new RangeError(
      `packSequences: ${what}: expected non-negative integers, got ${wrong} — check the tokenizer`,
    );
}

function atLeast(size: number, needed: number, what: string): number {
  if (!Number.isSafeInteger(size) || size < needed)
    throw new RangeError(
      `packSequences: ladder.${what}: expected an integer of at least ${needed}, got ${size} — fix it`,
    );
  return size;
}
