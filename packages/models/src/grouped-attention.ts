import {
  add,
  cast,
  div,
  gatherWithInverse,
  greater,
  less,
  matmul,
  max,
  mul,
  range,
  reshape,
  shapeOf,
  slice,
  softmax,
  squeeze,
  sub,
  tanh,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import { MASKED, toBlocks } from './attention.js';
import type { EncoderInputs } from './encoder-inputs.js';
import { widthOf } from './layers.js';

/** Which columns of its block a token sees beside the rule that padding is never seen. */
export interface VisibleColumns {
  /** Only its own column and those before it. */
  readonly isCausal: boolean;
  /**
   * Causal: so many columns, its own among them. Else: columns less than so many away. Absent: all.
   */
  readonly window?: number;
}

/**
 * The additive mask [batch, 1, seq, seq] of a decoder's attention, where row i holds what token i sees: 0, or −10³⁰. Blocks hold one
 * sequence each, so no mask keeps sequences apart.
 */
export function visibleBias(attention_mask: Value, { isCausal, window }: VisibleColumns): Value {
  const columns = cast(range(squeeze(slice(shapeOf(attention_mask), [1], [2], [0]), [0])), 'float32');
  /** How far column j lies before column i, [seq, seq]. */
  const before = sub(unsqueeze(columns, [1]), unsqueeze(columns, [0]));
  const hidden: Value[] = [];
  if (isCausal) hidden.push(less(before, 0));
  if (window !== undefined) hidden.push(greater(before, window - 1));
  if (window !== undefined && !isCausal) hidden.push(less(before, 1 - window));
  const padding = unsqueeze(sub(1, attention_mask), [1, 2]);
  const all = hidden.map((where) => unsqueeze(cast(where, 'float32'), [0, 1]));
  return mul(
    all.reduce((sum, one) => max(sum, one), padding),
    MASKED,
  );
}

export interface GroupedOperands {
  /** [tokens, heads · width] */
  readonly query: Value;
  /** [tokens, keyValueHeads · width] */
  readonly key: Value;
  readonly value: Value;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Broadcast to [batch, heads, seq, seq]. */
  readonly bias: Value;
  /** Of the scores. */
  readonly scale: number;
  /** Scores s become cap · tanh(s / cap) before the bias (Gemma 2); null: they stay. */
  readonly softcap: number | null;
}

/**
 * Grouped-query attention (https://arxiv.org/abs/2305.13245) of packed rows, [tokens, heads · width]: query heads that share a key and
 * value head are rows of one product, so that keys and values are never repeated.
 * @param dropWeights dropout on the weights [batch, heads, seq, seq]
 */
export function groupedAttention(
  { query, key, value, heads, keyValueHeads, bias, scale, softcap }: GroupedOperands,
  inputs: EncoderInputs,
  dropWeights: (weights: Value) => Value,
): Value {
  const { block_index, token_index } = inputs;
  const isGrouped = heads !== keyValueHeads;
  const width = widthOf(query) / heads;
  const q = toBlocks(query, inputs, heads);
  const [k, v] = [toBlocks(key, inputs, keyValueHeads), toBlocks(value, inputs, keyValueHeads)];
  /** [batch, keyValueHeads, group · seq, …] and back to [batch, heads, seq, …]. */
  const group = (x: Value, last: number) => (isGrouped ? reshape(x, [0, keyValueHeads, -1, last]) : x);
  const ungroup = (x: Value, last: number) => (isGrouped ? reshape(x, [0, heads, -1, last]) : x);
  const scores = mul(ungroup(matmul(group(q, width), transpose(k)), 0), scale);
  const capped = softcap === null ? scores : mul(tanh(div(scores, softcap)), softcap);
  const weights = dropWeights(softmax(add(capped, bias)));
  const context = transpose(ungroup(matmul(group(weights, 0), v), width), [0, 2, 1, 3]);
  return gatherWithInverse(reshape(context, [-1, heads * width]), token_index, reshape(block_index, [-1]));
}
