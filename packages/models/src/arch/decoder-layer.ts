import { add, mul, reshape, scope, type Value } from '@rag/onnx';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { groupedAttention, visibleBias } from '../grouped-attention.js';
import { activations, linear, rmsNorm } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { ropeAngles } from '../rope-scaling.js';
import { rotate, rotation } from '../rotary.js';
import type { SharedValues } from './architecture.js';
import type { DecoderTraits, LayerType } from './decoder-traits.js';

/** What the sizes of a layer follow from. */
export interface DecoderSizes {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
}

/** What the layers of one type share: `bias` [batch, 1, seq, seq], `cos` and `sin` [tokens, 1, headWidth / 2]. */
export function sharedByLayers(
  { max_position_embeddings }: DecoderSizes,
  traits: DecoderTraits,
  type: LayerType,
  { position_ids, attention_mask }: EncoderInputs,
): SharedValues {
  return scope(type, () => {
    const { theta, scaling } = traits.rope[type];
    const { frequencies, scale } = ropeAngles(traits.headWidth, theta, scaling, max_position_embeddings);
    const window = type === 'sliding_attention' ? traits.window : undefined;
    const { isCausal } = traits;
    return {
      bias: visibleBias(attention_mask, { isCausal, ...(window === undefined ? {} : { window }) }),
      ...rotation(position_ids, frequencies, scale),
    };
  });
}

/**
 * One pre-norm decoder layer, x [tokens, hidden] → [tokens, hidden]. Layers differ in the names of their parameters only, those of
 * different types in `shared` too.
 */
export function decoderLayer(
  layer: ParameterPath,
  sizes: DecoderSizes,
  traits: DecoderTraits,
  x: Value,
  shared: SharedValues,
  inputs: EncoderInputs,
  dropout: Dropout,
): Value {
  const { epsilon, normOffset, postNorms, residualScale } = traits;
  const norm = (name: string, y: Value) => rmsNorm(layer, name, y, epsilon, normOffset);
  const residual = (before: Value, part: Value) =>
    add(before, residualScale === 1 ? part : mul(part, residualScale));
  const attended = module(layer, 'self_attn', (path) =>
    attend(path, sizes, traits, norm('input_layernorm', x), shared, inputs, dropout),
  );
  const y = residual(x, postNorms ? norm('post_attention_layernorm', attended) : attended);
  // The same name is the norm behind the attention in one kind of layer and before the feed-forward part in the other.
  const normed = norm(postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm', y);
  const fed = module(layer, 'mlp', (path) => feedForward(path, sizes, traits, normed));
  return residual(y, postNorms ? norm('post_feedforward_layernorm', fed) : fed);
}

function attend(
  path: ParameterPath,
  { hidden_size, num_attention_heads: heads }: DecoderSizes,
  traits: DecoderTraits,
  x: Value,
  shared: SharedValues,
  inputs: EncoderInputs,
  dropout: Dropout,
): Value {
  const { headWidth, keyValueHeads, bias, epsilon, normOffset } = traits;
  const project = (name: string, count: number) =>
    linear(path, name, x, count * headWidth, bias.queryKeyValue);
  const rotary = { cos: shared.cos!, sin: shared.sin! };
  const turned = (name: 'q' | 'k', count: number) => {
    const projected = project(`${name}_proj`, count);
    const normed = () => {
      const byHead = reshape(projected, [0, count, headWidth]);
      return reshape(rmsNorm(path, `${name}_norm`, byHead, epsilon, normOffset), [0, count * headWidth]);
    };
    return rotate(traits.headNorms ? normed() : projected, count, rotary);
  };
  const context = groupedAttention(
    {
      query: turned('q', heads),
      key: turned('k', keyValueHeads),
      value: project('v_proj', keyValueHeads),
      heads,
      keyValueHeads,
      bias: shared.bias!,
      scale: traits.attentionScale,
      softcap: traits.attentionSoftcap,
    },
    inputs,
    (weights) => dropout.attention(weights, traits.attentionDropout),
  );
  return linear(path, 'o_proj', context, hidden_size, bias.output);
}

/** act(gate) · up, then down (https://arxiv.org/abs/2002.05202). */
function feedForward(
  path: ParameterPath,
  { hidden_size }: DecoderSizes,
  { intermediateSize, activation, bias }: DecoderTraits,
  x: Value,
): Value {
  const wide = (name: string) => linear(path, name, x, intermediateSize, bias.feedForward);
  const gated = mul(activations[activation](wide('gate_proj')), wide('up_proj'));
  return linear(path, 'down_proj', gated, hidden_size, bias.feedForward);
}
