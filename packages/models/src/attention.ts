import {
  abs,
  add,
  cast,
  constant,
  gatherWithInverse,
  greater,
  matmul,
  mul,
  range,
  reshape,
  shapeOf,
  slice,
  softmax,
  squeeze,
  sub,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import type { EncoderInputs } from './encoder-inputs.js';
import { widthOf } from './layers.js';

/** Added to the scores of padding: softmax makes it exactly 0, and a row of padding only stays finite. */
export const MASKED = -1e30;

/** The additive mask [batch, 1, 1, seq] of a batch: 0 where a token is real. */
export const attentionBias = (attention_mask: Value): Value =>
  mul(sub(1, unsqueeze(attention_mask, [1, 2])), MASKED);

/** How far apart two columns of a block are, float32 [seq, seq]. */
function columnDistance(attention_mask: Value): Value {
  const columns = cast(range(squeeze(slice(shapeOf(attention_mask), [1], [2], [0]), [0])), 'float32');
  return abs(sub(unsqueeze(columns, [1]), unsqueeze(columns, [0])));
}

/** The additive mask [1, 1, seq, seq] of local attention: 0 where two columns are at most `window` apart. */
export const localAttentionBias = (attention_mask: Value, window: number): Value =>
  unsqueeze(mul(cast(greater(columnDistance(attention_mask), window), 'float32'), MASKED), [0, 1]);

/**
 * ALiBi (https://arxiv.org/abs/2108.12409) in both directions: [1, heads, seq, seq], the distance of two columns times minus
 * each head's slope.
 */
export const alibiBias = (attention_mask: Value, heads: number): Value =>
  mul(
    unsqueeze(columnDistance(attention_mask), [0, 1]),
    unsqueeze(
      constant(
        alibiSlopes(heads).map((slope) => -slope),
        'float32',
      ),
      [0, 2, 3],
    ),
  );

/** 2^(−8/n), 2^(−16/n), … for n heads, n a power of 2; between two powers, the lower's and then every other one of the upper's. */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = Array.from({ length: power }, (_, i) => 2 ** ((-8 / power) * (i + 1)));
  if (power === heads) return slopes;
  const between = alibiSlopes(2 * power).filter((_, i) => i % 2 === 0);
  return [...slopes, ...between.slice(0, heads - power)];
}

/**
 * What is added to the scaled scores before softmax, broadcast to [batch, heads, seq, seq]; as a function, of queries and
 * keys [batch, heads, seq, width].
 */
export type AttentionBias = Value | ((query: Value, key: Value) => Value);

interface AttentionOperands {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  readonly bias: AttentionBias;
  readonly scale?: number;
}

/**
 * Bidirectional multi-head attention (https://arxiv.org/abs/1706.03762) of packed rows.
 * query, key, value and the result are [tokens, hidden]; `scale` is of the scores, 1/√width unless given; `dropWeights` is dropout on the weights [batch, heads, seq, seq].
 */
export function attention(
  { query, key, value, bias, scale }: AttentionOperands,
  inputs: EncoderInputs,
  heads: number,
  dropWeights: (weights: Value) => Value,
): Value {
  const { block_index, token_index } = inputs;
  const hidden = widthOf(query);
  const [q, k] = [toBlocks(query, inputs, heads), toBlocks(key, inputs, heads)];
  const scores = mul(matmul(q, transpose(k)), scale ?? 1 / Math.sqrt(hidden / heads));
  const weights = dropWeights(softmax(add(scores, typeof bias === 'function' ? bias(q, k) : bias)));
  const context = transpose(matmul(weights, toBlocks(value, inputs, heads)), [0, 2, 1, 3]);
  return gatherWithInverse(reshape(context, [-1, hidden]), token_index, reshape(block_index, [-1]));
}

/** [tokens, hidden] → [batch, heads, seq, width]. Padding cells read the filler row, whose gradient is zero. */
export const toBlocks = (x: Value, { block_index, token_index }: EncoderInputs, heads: number): Value =>
  transpose(
    reshape(gatherWithInverse(x, block_index, token_index), [0, 0, heads, widthOf(x) / heads]),
    [0, 2, 1, 3],
  );
