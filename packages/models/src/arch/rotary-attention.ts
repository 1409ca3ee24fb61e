import { split, type Value } from '@rag/onnx';
import { type AttentionBias, attention } from '../attention.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { widthOf } from '../layers.js';
import { type Rotation, rotate } from '../rotary.js';

/** What the layers of an encoder share whose queries, keys and values are one projection. */
export interface RotaryAttention {
  readonly heads: number;
  readonly bias: AttentionBias;
  /** undefined: the positions are in the embeddings. */
  readonly rotation: Rotation | undefined;
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
  const turn = (x: Value) => (rotation === undefined ? x : rotate(x, heads, rotation));
  return attention({ query: turn(query), key: turn(key), value, bias }, inputs, heads, (weights) =>
    dropout.attention(weights, probability),
  );
}
