import {
  activations,
  architectures,
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  encoderInputTypes,
  module,
  noDropout,
  type ParameterPath,
  type ParameterSpec,
  paddedGraph,
  parameterRoot,
  parametersOf,
} from '@rag/models';
import {
  add,
  linear as affine,
  type Graph,
  input,
  l2Normalize,
  mul,
  trace,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import type { ColbertSettings, ProjectionLayer } from './colbert-settings.js';

/** What a ColBERT graph is fed: a packed batch, and which of its rows count. */
const colbertInputTypes = {
  ...encoderInputTypes,
  /** 1 for tokens whose vectors count, 0 for masked ones and filler. */
  token_mask: { dtype: 'float32', shape: ['tokens'] },
} as const;

export type ColbertInputs = EncoderInputs & { readonly token_mask: Value };

/** The inputs of a ColBERT graph, declared under their names. */
export function colbertInputs(): ColbertInputs {
  const declared = Object.entries(colbertInputTypes).map(([name, { dtype, shape }]) => [
    name,
    input(name, dtype, shape),
  ]);
  return Object.fromEntries(declared) as ColbertInputs;
}

/**
 * The vectors [tokens, dim] of a packed batch: encoder, projection, mask, L2 norm 1; masked rows are exactly zero
 * (https://arxiv.org/abs/2004.12832, section 3.2). Parameters are the bare encoder's and the projection's.
 */
export function tokenVectors(
  config: EncoderConfig,
  settings: ColbertSettings,
  inputs: ColbertInputs,
  dropout: Dropout = noDropout,
  root: ParameterPath = parameterRoot(),
): Value {
  const { hidden } = architectures[config.model_type].encode(root, config, inputs, dropout);
  return unitVectors(projectedBy(root, settings, hidden), inputs);
}

/** Token vectors [tokens, dim] of the projection's layers over the encoder's [tokens, hidden]. */
export const projectedBy = (
  root: ParameterPath,
  { projection }: Pick<ColbertSettings, 'projection'>,
  hidden: Value,
): Value => projection.reduce((x, layer) => project(root, layer, x), hidden);

/** Mask and L2 norm 1 of projected vectors [tokens, dim]. */
export const unitVectors = (projected: Value, { token_mask }: Pick<ColbertInputs, 'token_mask'>): Value =>
  l2Normalize(mul(projected, unsqueeze(token_mask, [1])));

/** PyLate's Dense on [tokens, in]. */
const project = (root: ParameterPath, layer: ProjectionLayer, x: Value): Value =>
  module(root, layer.name, (path) => {
    const { in: from, out, bias, activation, residual } = layer;
    const y = affine(x, path.get('weight', [out, from]), bias ? path.get('bias', [out]) : undefined);
    const activated = activation === 'identity' ? y : activations[activation](y);
    if (!residual) return activated;
    return add(activated, from === out ? x : affine(x, path.get('residual.weight', [out, from])));
  });

/**
 * The projection alone: `vectors` [tokens, dim], as `tokenVectors` makes them, of `hidden` float32 [tokens, hidden], which another graph has made.
 */
export const projectionGraph = (
  { hidden_size }: Pick<EncoderConfig, 'hidden_size'>,
  settings: ColbertSettings,
): Graph => {
  const { token_mask } = colbertInputTypes;
  return trace({ hidden: { dtype: 'float32', shape: ['tokens', hidden_size] }, token_mask }, (inputs) => ({
    vectors: unitVectors(projectedBy(parameterRoot(), settings, inputs.hidden), inputs),
  }));
};

/** The serving graph: output `vectors` [tokens, dim]. */
export const colbertGraph = (config: EncoderConfig, settings: ColbertSettings): Graph =>
  trace(colbertInputTypes, (inputs) => ({ vectors: tokenVectors(config, settings, inputs) }));

/**
 * Over padded inputs, as other tools feed them: `last_hidden_state` [batch, seq, hidden], the encoder's, and `token_embeddings` [batch, seq, dim],
 * projected and of L2 norm 1 in every cell; which cells count (no padding, no skipped words) is the caller's to know.
 */
export const paddedColbertGraph = (config: EncoderConfig, settings: ColbertSettings): Graph =>
  paddedGraph(config, ({ inputs, blocks }) => {
    const root = parameterRoot();
    const { hidden } = architectures[config.model_type].encode(root, config, inputs, noDropout);
    const projected = projectedBy(root, settings, hidden);
    return { last_hidden_state: blocks(hidden), token_embeddings: blocks(l2Normalize(projected)) };
  });

/** The projection's alone. */
export const projectionParameters = (
  config: Pick<EncoderConfig, 'hidden_size'>,
  settings: ColbertSettings,
): ParameterSpec[] => parametersOf(projectionGraph(config, settings));

/** The parameters of a ColBERT model: the bare encoder's names, and the projection's (`linear.weight`, `linear.bias`). */
export const colbertParameters = (config: EncoderConfig, settings: ColbertSettings): ParameterSpec[] =>
  parametersOf(colbertGraph(config, settings));
