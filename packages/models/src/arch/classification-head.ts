import { gather, tanh, type Value } from '@rag/onnx';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { linear, widthOf } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';

/** What a classification head is made with; `probability` is its dropout. */
export interface HeadOptions {
  readonly labels: number;
  readonly probability: number;
  readonly dropout: Dropout;
}

/** BERT's head: the linear layer `pooler` over the first token, tanh, `classifier`; logits [batch, labels]. */
export function pooledClassifier(
  root: ParameterPath,
  pooler: string,
  hidden: Value,
  { first_token }: EncoderInputs,
  { labels, probability, dropout }: HeadOptions,
): Value {
  const pooled = tanh(linear(root, pooler, gather(hidden, first_token), widthOf(hidden)));
  return linear(root, 'classifier', dropout.sequences(pooled, probability, first_token), labels);
}

/** RoBERTa's head: `classifier.dense` over the first token, an activation, `classifier.out_proj`; logits [batch, labels]. */
export function denseClassifier(
  root: ParameterPath,
  hidden: Value,
  { first_token }: EncoderInputs,
  activate: (x: Value) => Value,
  { labels, probability, dropout }: HeadOptions,
): Value {
  const drop = (x: Value) => dropout.sequences(x, probability, first_token);
  return module(root, 'classifier', (head) => {
    const dense = linear(head, 'dense', drop(gather(hidden, first_token)), widthOf(hidden));
    return linear(head, 'out_proj', drop(activate(dense)), labels);
  });
}
