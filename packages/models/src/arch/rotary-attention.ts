import { split, type Value } from '@rag/onnx';
import { type AttentionBias, attention } from '../attention.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { widthOf } from '../layers.js';
import { type Rotation, rotate } from '../rotary.js';

/** What the layers of an encoder with rotary positions share. */
export interface RotaryAttention {
  readonly heads: number;
  readonly bias: AttentionBias;
  readonly rotation: Rotation;
  readonly dropout: Dropout;
  /** Dropout of the attention weights. */
  readonly probability: number;
}

/** Attention over queries, keys and values that lie side by side in `packed` [tokens, 3·hidden]; the result is [tokens, hidden]. */
export function rotaryAttention(
  packed: Value,
  inputs: EncoderInputs,
  { heads, bias, rotation, dropout, probability }: RotaryAttention,
): Value {
  const hidden = widthOf(packed) / 3;
  const [query, key, value] = split(packed, [hidden, hidden, hidden], 1) as [Value, Value, Value];
  return attention(
    { query: rotate(query, heads, rotation), key: rotate(key, heads, rotation), value, bias },
    inputs,
    heads,
    (weights) => dropout.attention(weights, probability),
  );
}
