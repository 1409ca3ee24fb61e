import {
  add,
  cast,
  constant,
  div,
  equal,
  gather,
  gatherWithInverse,
  input,
  min,
  mul,
  reduceMax,
  reshape,
  shapeOf,
  slice,
  sub,
  type Value,
  where,
} from '@rag/onnx';
import { type EncoderConfig, longestSequence } from '../config.js';
import type { EncoderInputs } from '../encoder-inputs.js';

/** What files of transformers, optimum and transformers.js are fed, int64 [batch, columns] each. */
export interface FileInputs {
  readonly input_ids: Value;
  readonly attention_mask: Value;
  readonly token_type_ids: Value;
  readonly position_ids: Value;
}

/**
 * What a graph over a file is fed beside a packed batch: the columns that hold tokens, 0, 1, … A block may have further ones, of padding
 * only, for which a file has no positions.
 */
export const COLUMNS = 'columns';
export const columnsInput = (): Value => input(COLUMNS, 'int64', [COLUMNS]);

/** `columns` for a batch with these `position_ids`. */
export function columnsOf(position_ids: ArrayLike<number | bigint>): BigInt64Array {
  let last = 0;
  for (let row = 0; row < position_ids.length; row++) last = Math.max(last, Number(position_ids[row]));
  return BigInt64Array.from({ length: last + 1 }, (_, column) => BigInt(column));
}

/**
 * The padded inputs [batch, columns] of a file from a packed batch; padding cells hold the filler's id. Sequences that are all filler attend to all of
 * themselves, so that no softmax runs over nothing. Positions count from 0, or, for a model that keeps the first rows of its table
 * for padding (RoBERTa), from there, as transformers makes them.
 */
export function fileInputs(
  { input_ids, token_type_ids, position_ids, attention_mask, block_index }: EncoderInputs,
  columns: Value,
  config: Pick<EncoderConfig, 'model_type' | 'max_position_embeddings' | 'pad_token_id'>,
): FileInputs {
  const one = constant(1, 'int64');
  const block = gather(block_index, columns, 1);
  const real = gather(attention_mask, columns, 1);
  const mask = cast(real, 'int64');
  const isFiller = equal(reduceMax(real, [1], true), 0);
  const skipped = config.max_position_embeddings - longestSequence(config);
  const places = gather(position_ids, block);
  return {
    input_ids: gather(input_ids, block),
    attention_mask: where(isFiller, one, mask),
    token_type_ids: gather(token_type_ids, block),
    position_ids: skipped === 0 ? places : add(mul(add(places, one), mask), constant(skipped - 1, 'int64')),
  };
}

/** The rows [tokens, width] of a packed batch from a file's [batch, columns, width]; filler rows are some of them. */
export function rowsOfCells(
  cells: Value,
  { token_index, block_index }: EncoderInputs,
  columns: Value,
): Value {
  const width = cells.shape.at(-1) as number;
  const [seq, count] = [lengthOf(block_index, 1), lengthOf(columns, 0)];
  const sequence = div(token_index, seq);
  const column = min(sub(token_index, mul(sequence, seq)), sub(count, 1));
  const inverse = reshape(gather(block_index, columns, 1), [-1]);
  return gatherWithInverse(reshape(cells, [-1, width]), add(mul(sequence, count), column), inverse);
}

/** A size, int64 [1]. */
const lengthOf = (x: Value, axis: number): Value => slice(shapeOf(x), [axis], [axis + 1], [0]);
