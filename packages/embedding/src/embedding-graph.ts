import {
  architectures,
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  encoderInputTypes,
  module,
  noDropout,
  type ParameterPath,
  paddedGraph,
  parameterRoot,
} from '@rag/models';
import {
  type Graph,
  gelu,
  l2Normalize,
  linear,
  mul,
  relu,
  sigmoid,
  tanh,
  trace,
  type Value,
} from '@rag/onnx';
import type { DenseActivation, DenseSpec, EmbeddingHead } from './embedding-head.js';
import { embeddingDimension } from './embedding-head.js';
import { pool } from './pooling.js';

/** 1 for the tokens that are pooled, of a head that leaves the prompt out; otherwise `attention_mask` says it. */
const poolingMaskType = { dtype: 'float32', shape: ['batch', 'seq'] } as const;

/**
 * Vectors [batch, dim] of a packed batch, before a final Normalize: encoder, pooling, Dense modules. The encoder's parameters have
 * the bare encoder's names, a Dense's the names that `DenseSpec` says.
 * @param pooling_mask float32 [batch, seq], a suffix of each sequence; `attention_mask` unless the head leaves out the prompt
 * @throws RangeError for a head that does not fit
 */
export function embed(
  config: EncoderConfig,
  head: EmbeddingHead,
  inputs: EncoderInputs,
  dropout: Dropout,
  pooling_mask: Value = inputs.attention_mask,
  root: ParameterPath = parameterRoot(),
): Value {
  embeddingDimension(config, head);
  const { hidden } = architectures[config.model_type].encode(root, config, inputs, dropout);
  return embedHidden(root, hidden, head, inputs, pooling_mask);
}

/** What the head makes of token vectors [tokens, hidden], before a final Normalize. */
export function embedHidden(
  root: ParameterPath,
  hidden: Value,
  head: EmbeddingHead,
  inputs: EncoderInputs,
  mask: Value,
): Value {
  const pooled = pool(hidden, head.pooling, inputs, mask);
  return head.dense.reduce((x, spec) => dense(root, spec, x), pooled);
}

/** `vectors` [batch, dim] of a packed batch, for serving: Normalize included where the head has it. */
export function embeddingGraph(config: EncoderConfig, head: EmbeddingHead): Graph {
  const normalized = (x: Value) => (head.normalize ? l2Normalize(x) : x);
  if (head.includePrompt ?? true)
    return trace(encoderInputTypes, (inputs) => ({
      vectors: normalized(embed(config, head, inputs, noDropout)),
    }));
  return trace({ ...encoderInputTypes, pooling_mask: poolingMaskType }, ({ pooling_mask, ...inputs }) => ({
    vectors: normalized(embed(config, head, inputs, noDropout, pooling_mask)),
  }));
}

/**
 * Over padded inputs, as other tools feed them: `last_hidden_state` [batch, seq, hidden] and `sentence_embedding` [batch, dim],
 * Normalize included. The latter is left out where the head does not pool the prompt: such inputs do not say where it ends.
 */
export const paddedEmbeddingGraph = (config: EncoderConfig, head: EmbeddingHead): Graph =>
  paddedGraph(config, ({ inputs, blocks }): Record<string, Value> => {
    const root = parameterRoot();
    const { hidden } = architectures[config.model_type].encode(root, config, inputs, noDropout);
    const last_hidden_state = blocks(hidden);
    if (!(head.includePrompt ?? true)) return { last_hidden_state };
    const vectors = embedHidden(root, hidden, head, inputs, inputs.attention_mask);
    return { last_hidden_state, sentence_embedding: head.normalize ? l2Normalize(vectors) : vectors };
  });

/**
 * `vectors` [batch, dim] of token vectors `hidden` float32 [tokens, hidden] that another graph has made of the same packed batch: the head
 * alone, Normalize included.
 */
export function headGraph({ hidden_size }: Pick<EncoderConfig, 'hidden_size'>, head: EmbeddingHead): Graph {
  const types = {
    ...encoderInputTypes,
    hidden: { dtype: 'float32', shape: ['tokens', hidden_size] },
  } as const;
  const vectors = ({ hidden, ...inputs }: EncoderInputs & { hidden: Value }, mask: Value) => {
    const found = embedHidden(parameterRoot(), hidden, head, inputs, mask);
    return { vectors: head.normalize ? l2Normalize(found) : found };
  };
  if (head.includePrompt ?? true) return trace(types, (inputs) => vectors(inputs, inputs.attention_mask));
  return trace({ ...types, pooling_mask: poolingMaskType }, ({ pooling_mask, ...inputs }) =>
    vectors(inputs, pooling_mask),
  );
}

const activations: { readonly [Name in DenseActivation]: (x: Value) => Value } = {
  identity: (x) => x,
  tanh,
  gelu,
  relu,
  silu: (x) => mul(x, sigmoid(x)),
  sigmoid,
};

function dense(root: ParameterPath, { name, in: width, out, bias, activation }: DenseSpec, x: Value): Value {
  return module(root, `${name}.linear`, (path) =>
    activations[activation](
      linear(x, path.get('weight', [out, width]), bias ? path.get('bias', [out]) : undefined),
    ),
  );
}
