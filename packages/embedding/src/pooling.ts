import type { EncoderInputs } from '@rag/models';
import {
  add,
  cast,
  concat,
  div,
  gather,
  gatherWithInverse,
  greater,
  matmul,
  max,
  mul,
  reduceMax,
  reduceSum,
  sqrt,
  squeeze,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import type { PoolingMode } from './embedding-head.js';

/** Below every token vector's elements; a masked cell never is the maximum. */
const MASKED = -1e30;
/** Bound of the divisors, as sentence-transformers clamps them. */
const EPSILON = 1e-9;

/**
 * One vector per sequence [batch, modes × width] from token vectors `hidden` [tokens, width], as
 * `sentence_transformers.sentence_transformer.modules.Pooling` 6.0 computes it over the cells where `mask` [batch, seq] is 1: masked
 * cells enter neither a mean nor a maximum. Places of `weightedmean` count from 1 at the first token of the sequence.
 */
export function pool(
  hidden: Value,
  modes: readonly PoolingMode[],
  inputs: EncoderInputs,
  mask: Value,
): Value {
  const { block_index, token_index, first_token, position_ids, attention_mask } = inputs;
  const once = <T>(make: () => T) => {
    let made: T | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  /** [batch, seq, width]; padding cells read the filler row, whose gradient is zero. */
  const blocks = once(() => gatherWithInverse(hidden, block_index, token_index));
  /** Σ over the cells of weight [batch, seq] times vector: [batch, width]. */
  const weightedSum = (weights: Value) => squeeze(matmul(unsqueeze(weights, [1]), blocks()), [1]);
  const sum = once(() => weightedSum(mask));
  /** [batch, 1] */
  const total = (weights: Value) => max(reduceSum(weights, [1], true), EPSILON);
  const count = (cells: Value) => cast(reduceSum(cells, [1]), 'int64');
  const pooled: { readonly [Mode in PoolingMode]: () => Value } = {
    // The rows of a sequence follow each other, and the mask is a suffix of them.
    cls: () => {
      const skipped = mask === attention_mask ? undefined : sub(count(attention_mask), count(mask));
      return gather(hidden, skipped ? add(first_token, skipped) : first_token);
    },
    lasttoken: () => gather(hidden, sub(add(first_token, count(attention_mask)), 1)),
    mean: () => div(sum(), total(mask)),
    mean_sqrt_len_tokens: () => div(sum(), sqrt(total(mask))),
    weightedmean: () => {
      const places = add(cast(gather(position_ids, block_index), 'float32'), 1);
      const weights = mul(mask, places);
      return div(weightedSum(weights), total(weights));
    },
    max: () => reduceMax(where(greater(unsqueeze(mask, [2]), 0), blocks(), MASKED), [1]),
  };
  const vectors = modes.map((mode) => pooled[mode]());
  return vectors.length === 1 ? vectors[0]! : concat(vectors, 1);
}
