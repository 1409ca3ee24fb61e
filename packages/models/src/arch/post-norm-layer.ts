import { add, type Value } from '@rag/onnx';
import { type AttentionBias, attention } from '../attention.js';
import type { HiddenAct } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { activations, layerNorm, linear, widthOf } from '../layers.js';
import type { ParameterPath } from '../parameters.js';

/** What a family calls the parts of an encoder layer. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** The linear layer over the heads' outputs, and the norm after its residual. */
  readonly attended: string;
  readonly attendedNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
}

export interface LayerOptions {
  readonly heads: number;
  /** Width of the feed-forward part. */
  readonly intermediate: number;
  readonly hidden_act: HiddenAct;
  readonly epsilon: number;
  readonly bias: AttentionBias;
  /** Of the attention scores; 1/√width unless given. */
  readonly scale?: number;
  readonly dropout: Dropout;
  /** Dropout of the attention weights and of both halves' outputs. */
  readonly probabilities: { readonly weights: number; readonly attended: number; readonly output: number };
}

/**
 * One layer of a post-norm encoder over x [tokens, hidden]: attention and feed-forward, each followed by dropout, residual
 * and norm (https://arxiv.org/abs/1706.03762, section 3.1).
 */
export function postNormLayer(
  layer: ParameterPath,
  names: LayerNames,
  x: Value,
  inputs: EncoderInputs,
  options: LayerOptions,
): Value {
  const { heads, intermediate, hidden_act, epsilon, bias, scale, dropout, probabilities } = options;
  const hidden = widthOf(x);
  const context = attention(
    {
      query: linear(layer, names.query, x, hidden),
      key: linear(layer, names.key, x, hidden),
      value: linear(layer, names.value, x, hidden),
      bias,
      ...(scale === undefined ? {} : { scale }),
    },
    inputs,
    heads,
    (weights) => dropout.attention(weights, probabilities.weights),
  );
  const projected = dropout.tokens(linear(layer, names.attended, context, hidden), probabilities.attended);
  const attended = layerNorm(layer, names.attendedNorm, add(projected, x), epsilon);
  const wide = activations[hidden_act](linear(layer, names.intermediate, attended, intermediate));
  const narrow = dropout.tokens(linear(layer, names.output, wide, hidden), probabilities.output);
  return layerNorm(layer, names.outputNorm, add(narrow, attended), epsilon);
}
