import {
  add,
  gatherWithInverse,
  matmul,
  mul,
  reshape,
  softmax,
  sub,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import type { EncoderInputs } from './encoder-inputs.js';
import { widthOf } from './layers.js';

/** Added to the scores of padding: softmax makes it exactly 0, and a row of padding only stays finite. */
const MASKED = -1e30;

/** The additive mask [batch, 1, 1, seq] of a batch: 0 where a token is real. */
export const attentionBias = (attention_mask: Value): Value =>
  mul(sub(1, unsqueeze(attention_mask, [1, 2])), MASKED);

/**
 * Bidirectional multi-head attention (https://arxiv.org/abs/1706.03762) of packed rows.
 * query, key, value and the result are [tokens, hidden]; `bias` is [batch, 1, 1, seq]; `dropWeights` is dropout on the
 * weights [batch, heads, seq, seq].
 */
export function attention(
  { query, key, value, bias }: { query: Value; key: Value; value: Value; bias: Value },
  { block_index, token_index }: EncoderInputs,
  heads: number,
  dropWeights: (weights: Value) => Value,
): Value {
  const hidden = widthOf(query);
  const width = hidden / heads;
  // [tokens, hidden] → [batch, heads, seq, width]. Padding cells read the filler row, whose gradient is zero.
  const toBlocks = (x: Value): Value =>
    transpose(reshape(gatherWithInverse(x, block_index, token_index), [0, 0, heads, width]), [0, 2, 1, 3]);
  const scores = mul(matmul(toBlocks(query), transpose(toBlocks(key))), 1 / Math.sqrt(width));
  const weights = dropWeights(softmax(add(scores, bias)));
  const context = transpose(matmul(weights, toBlocks(value)), [0, 2, 1, 3]);
  return gatherWithInverse(reshape(context, [-1, hidden]), token_index, reshape(block_index, [-1]));
}
