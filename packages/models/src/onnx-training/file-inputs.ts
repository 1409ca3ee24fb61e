import {
  add,
  cast,
  constant,
  equal,
  gather,
  gatherWithInverse,
  mul,
  reduceMax,
  reshape,
  type Value,
  where,
} from '@rag/onnx';
import { type EncoderConfig, longestSequence } from '../config.js';
import type { EncoderInputs } from '../encoder-inputs.js';

/** What files of transformers, optimum and transformers.js are fed, int64 [batch, seq] each. */
export interface FileInputs {
  readonly input_ids: Value;
  readonly attention_mask: Value;
  readonly token_type_ids: Value;
  readonly position_ids: Value;
}

/**
 * The padded inputs of a file from a packed batch; padding cells hold the filler's id. Sequences that are all filler attend to all of
 * themselves, so that no softmax runs over nothing. Positions count from 0, or, for a model that keeps the first rows of its table
 * for padding (RoBERTa), from there, as transformers makes them.
 */
export function fileInputs(
  { input_ids, token_type_ids, position_ids, attention_mask, block_index }: EncoderInputs,
  config: Pick<EncoderConfig, 'model_type' | 'max_position_embeddings' | 'pad_token_id'>,
): FileInputs {
  const one = constant(1, 'int64');
  const mask = cast(attention_mask, 'int64');
  const isFiller = equal(reduceMax(attention_mask, [1], true), 0);
  const skipped = config.max_position_embeddings - longestSequence(config);
  const places = gather(position_ids, block_index);
  return {
    input_ids: gather(input_ids, block_index),
    attention_mask: where(isFiller, one, mask),
    token_type_ids: gather(token_type_ids, block_index),
    position_ids: skipped === 0 ? places : add(mul(add(places, one), mask), constant(skipped - 1, 'int64')),
  };
}

/** The rows [tokens, width] of a packed batch from a file's [batch, seq, width]. */
export function rowsOfCells(cells: Value, { token_index, block_index }: EncoderInputs): Value {
  const width = cells.shape.at(-1) as number;
  return gatherWithInverse(reshape(cells, [-1, width]), token_index, reshape(block_index, [-1]));
}
