/**
 * ModernBERT (https://arxiv.org/abs/2412.13663), as `modeling_modernbert.py` of transformers 5 computes it: pre-norm layers
 * without biases, GeGLU, rotary positions, and attention that is local but in every n-th layer. The first layer's
 * attention has no norm of its own: the embeddings' is just before it.
 */
import {
  add,
  div,
  gather,
  gatherWithInverse,
  mul,
  reduceSum,
  scope,
  split,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import { attentionBias, localAttentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  flag,
  type HiddenAct,
  type Kind,
  listOf,
  oneOf,
  orNull,
  positive,
  probability,
} from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { isJsonObject } from '../file-source.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { type RopeParameters, ropeParameters, rotaryFrequencies, rotation } from '../rotary.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type RotaryAttention, rotaryAttention } from './rotary-attention.js';

const LAYER_TYPES = ['full_attention', 'sliding_attention'] as const;
type LayerType = (typeof LAYER_TYPES)[number];
type RopeByLayerType = { readonly [Type in LayerType]: RopeParameters };

export interface ModernBertConfig extends EncoderConfig {
  readonly intermediate_size: number;
  readonly hidden_activation: HiddenAct;
  readonly norm_eps: number;
  readonly norm_bias: boolean;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  /** Tokens that a local layer sees: half of it to each side. */
  readonly local_attention: number;
  /** Per layer; without it every `global_attn_every_n_layers`-th, from the first, is of full attention. */
  readonly layer_types: readonly LayerType[] | null | undefined;
  readonly global_attn_every_n_layers: number | undefined;
  /** Without it the thetas are `global_rope_theta` and `local_rope_theta`. */
  readonly rope_parameters: RopeByLayerType | undefined;
  readonly global_rope_theta: number | undefined;
  readonly local_rope_theta: number | undefined;
  readonly embedding_dropout: number;
  readonly attention_dropout: number;
  readonly mlp_dropout: number;
  readonly classifier_pooling: 'cls' | 'mean';
  readonly classifier_bias: boolean;
  readonly classifier_activation: HiddenAct;
  readonly classifier_dropout: number;
}

const ropeByLayerType: Kind<RopeByLayerType> = {
  expected: `for each of ${LAYER_TYPES.join(' and ')}: ${ropeParameters.expected}`,
  accepts: (value): value is RopeByLayerType =>
    isJsonObject(value) && LAYER_TYPES.every((type) => ropeParameters.accepts(value[type])),
};

function own(file: ConfigFile, common: CommonFields): Omit<ModernBertConfig, keyof EncoderConfig> {
  const { num_hidden_layers, hidden_size, num_attention_heads } = common;
  const layer_types = file.takeOr('layer_types', orNull(listOf(oneOf(LAYER_TYPES))), undefined);
  if (layer_types && layer_types.length !== num_hidden_layers)
    file.refuse('layer_types', `${num_hidden_layers} entries, one per layer`, layer_types);
  if ((hidden_size / num_attention_heads) % 2 !== 0)
    file.refuse('num_attention_heads', 'heads of an even width, for rotary positions', num_attention_heads);
  file.only('rope_scaling', [null]);
  return {
    layer_types,
    intermediate_size: file.take('intermediate_size', count),
    hidden_activation: file.take('hidden_activation', activation),
    norm_eps: file.take('norm_eps', positive),
    norm_bias: file.take('norm_bias', flag),
    attention_bias: file.take('attention_bias', flag),
    mlp_bias: file.take('mlp_bias', flag),
    local_attention: file.take('local_attention', count),
    global_attn_every_n_layers: file.takeOr('global_attn_every_n_layers', count, undefined),
    rope_parameters: file.takeOr('rope_parameters', ropeByLayerType, undefined),
    global_rope_theta: file.takeOr('global_rope_theta', positive, undefined),
    local_rope_theta: file.takeOr('local_rope_theta', positive, undefined),
    embedding_dropout: file.take('embedding_dropout', probability),
    attention_dropout: file.take('attention_dropout', probability),
    mlp_dropout: file.take('mlp_dropout', probability),
    classifier_pooling: file.take('classifier_pooling', oneOf(['cls', 'mean'] as const)),
    classifier_bias: file.take('classifier_bias', flag),
    classifier_activation: file.take('classifier_activation', activation),
    classifier_dropout: file.take('classifier_dropout', probability),
  };
}

/** The attention of each layer; 3 is what transformers takes for a file that says neither. */
const layerTypes = ({ layer_types, global_attn_every_n_layers = 3, num_hidden_layers }: ModernBertConfig) =>
  layer_types ??
  Array.from(
    { length: num_hidden_layers },
    (_, i) => LAYER_TYPES[i % global_attn_every_n_layers === 0 ? 0 : 1],
  );

/** The thetas by layer type; the defaults are those of transformers. */
const ropeOf = (config: ModernBertConfig): RopeByLayerType =>
  config.rope_parameters ?? {
    full_attention: { rope_theta: config.global_rope_theta ?? 160_000 },
    sliding_attention: { rope_theta: config.local_rope_theta ?? 10_000 },
  };

export const modernbert: Architecture<ModernBertConfig> = {
  baseModelPrefix: 'model',
  headPrefixes: ['classifier', 'head'],
  otherHeads: ['head', 'decoder'],
  classNames: { encoder: 'ModernBertModel', sequenceClassification: 'ModernBertForSequenceClassification' },
  config: { common: { type_vocab_size: { fixed: 0 } }, own },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden_size, classifier_bias, norm_eps, norm_bias } = config;
    const { hidden } = module(root, 'model', (model) => encode(model, config, inputs, dropout));
    const pooled = module(root, 'head', (head) => {
      const sequence =
        config.classifier_pooling === 'cls' ? gather(hidden, inputs.first_token) : mean(hidden, inputs);
      const dense = linear(head, 'dense', sequence, hidden_size, classifier_bias);
      return layerNorm(head, 'norm', activations[config.classifier_activation](dense), norm_eps, norm_bias);
    });
    const dropped = dropout.sequences(pooled, config.classifier_dropout, inputs.first_token);
    return linear(root, 'classifier', dropped, labels);
  },
};

/** The mean of each sequence's real tokens, [batch, hidden]. */
function mean(hidden: Value, { block_index, token_index, attention_mask }: EncoderInputs): Value {
  const cells = gatherWithInverse(hidden, block_index, token_index);
  const sum = reduceSum(mul(cells, unsqueeze(attention_mask, [2])), [1]);
  return div(sum, reduceSum(attention_mask, [1], true));
}

function encode(
  path: ParameterPath,
  config: ModernBertConfig,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { hidden_size, num_attention_heads, norm_eps, norm_bias } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const words = embedding(embeddings, 'tok_embeddings', inputs.input_ids, config.vocab_size, hidden_size);
    return dropout.tokens(
      layerNorm(embeddings, 'norm', words, norm_eps, norm_bias),
      config.embedding_dropout,
    );
  });
  const types = layerTypes(config);
  const rope = ropeOf(config);
  /** What the layers of one type share; absent where no layer is of it. */
  const shared = scope('attention', () => {
    const padding = attentionBias(inputs.attention_mask);
    const window = Math.floor(config.local_attention / 2);
    const of = (type: LayerType): RotaryAttention => ({
      heads: num_attention_heads,
      bias:
        type === 'full_attention' ? padding : add(padding, localAttentionBias(inputs.attention_mask, window)),
      rotation: rotation(
        inputs.position_ids,
        rotaryFrequencies(hidden_size / num_attention_heads, rope[type]),
      ),
      dropout,
      probability: config.attention_dropout,
    });
    return new Map([...new Set(types)].map((type) => [type, of(type)]));
  });
  const hiddenStates = [embedded];
  for (const [i, type] of types.entries())
    hiddenStates.push(
      module(path, `layers.${i}`, (layer) =>
        encodeLayer(layer, config, hiddenStates.at(-1)!, inputs, i === 0, shared.get(type)!, dropout),
      ),
    );
  // As transformers lists them: the last one is after the final norm.
  const hidden = layerNorm(path, 'final_norm', hiddenStates.pop()!, norm_eps, norm_bias);
  return { hidden, hiddenStates: [...hiddenStates, hidden] };
}

function encodeLayer(
  layer: ParameterPath,
  config: ModernBertConfig,
  x: Value,
  inputs: EncoderInputs,
  first: boolean,
  shared: RotaryAttention,
  dropout: Dropout,
): Value {
  const { hidden_size, norm_eps, norm_bias, attention_bias, mlp_bias } = config;
  const norm = (name: string, y: Value) => layerNorm(layer, name, y, norm_eps, norm_bias);
  const normed = first ? x : norm('attn_norm', x);
  const attended = module(layer, 'attn', (attn) => {
    const packed = linear(attn, 'Wqkv', normed, 3 * hidden_size, attention_bias);
    const context = rotaryAttention(packed, inputs, shared);
    return dropout.tokens(linear(attn, 'Wo', context, hidden_size, attention_bias), config.attention_dropout);
  });
  const residual = add(x, attended);
  const fed = module(layer, 'mlp', (mlp) => {
    const wide = linear(mlp, 'Wi', norm('mlp_norm', residual), 2 * config.intermediate_size, mlp_bias);
    const [input, gate] = split(wide, [config.intermediate_size, config.intermediate_size], 1) as [
      Value,
      Value,
    ];
    const gated = mul(activations[config.hidden_activation](input), gate);
    return linear(mlp, 'Wo', dropout.tokens(gated, config.mlp_dropout), hidden_size, mlp_bias);
  });
  return add(residual, fed);
}
