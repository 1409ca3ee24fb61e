/**
 * GTE (https://arxiv.org/abs/2407.19669): post-norm layers with rotary positions and a gated feed-forward part. Checkpoints name
 * it `new` (Alibaba-NLP's NewModel, whose code lies on the hub) or `gte` (transformers 5); the tensors are the same.
 */
import { add, mul, scope, split, type Value } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, type Kind, orNull, positive, probability, whole } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { isJsonObject } from '../file-source.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { type RopeParameters, ropeParameters, rotaryFrequencies, rotation } from '../rotary.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type BertConfig, layerFields } from './bert.js';
import { pooledClassifier } from './classification-head.js';
import { type RotaryAttention, rotaryAttention } from './rotary-attention.js';

/** The scaling of angles of NewModel: NTK-aware, for all positions alike (https://kexue.fm/archives/9706). */
interface NtkScaling {
  readonly type: 'ntk';
  readonly factor: number;
  /** The exponent of the mixed form; null or absent: the plain form. */
  readonly mixed_b?: number | null;
}

export interface GteConfig extends BertConfig {
  /** As transformers 5 states the angles. */
  readonly rope_parameters: RopeParameters | undefined;
  /** As NewModel states them. */
  readonly rope_theta: number | undefined;
  readonly rope_scaling: NtkScaling | null | undefined;
}

const ntkScaling: Kind<NtkScaling> = {
  expected: '{"type": "ntk", "factor": number}',
  accepts: (value): value is NtkScaling =>
    isJsonObject(value) &&
    value.type === 'ntk' &&
    positive.accepts(value.factor) &&
    (value.mixed_b === undefined || orNull(positive).accepts(value.mixed_b)),
};

function own(file: ConfigFile, common: CommonFields): Omit<GteConfig, keyof EncoderConfig> {
  const { hidden_size, num_attention_heads } = common;
  file.only('position_embedding_type', ['rope']);
  file.only('layer_norm_type', ['layer_norm']);
  file.only('logn_attention_scale', [false]);
  file.only('pack_qkv', [true]);
  if ((hidden_size / num_attention_heads) % 2 !== 0)
    file.refuse('num_attention_heads', 'heads of an even width, for rotary positions', num_attention_heads);
  const rope_parameters = file.takeOr('rope_parameters', ropeParameters, undefined);
  return {
    ...layerFields(file),
    classifier_dropout: file.takeOr('classifier_dropout', orNull(probability), null),
    rope_parameters,
    rope_theta: rope_parameters ? undefined : file.take('rope_theta', positive),
    rope_scaling: rope_parameters ? undefined : file.takeOr('rope_scaling', orNull(ntkScaling), undefined),
  };
}

/** The angles per position, in float32 steps like `rotaryFrequencies`. */
function frequencies(config: GteConfig): number[] {
  const { hidden_size, num_attention_heads, rope_parameters, rope_theta, rope_scaling } = config;
  const width = hidden_size / num_attention_heads;
  if (rope_parameters) return rotaryFrequencies(width, rope_parameters);
  const { factor, mixed_b } = rope_scaling ?? { factor: 1 };
  const theta = rope_theta!;
  if (factor <= 1) return rotaryFrequencies(width, { rope_theta: theta });
  const { fround } = Math;
  if (mixed_b === undefined || mixed_b === null)
    return rotaryFrequencies(width, { rope_theta: theta * factor }).map((angle) =>
      fround(angle / fround(factor ** (2 / width))),
    );
  const a = Math.log(factor) / (width / 2) ** mixed_b;
  return rotaryFrequencies(width, { rope_theta: theta }).map((angle, i) =>
    fround(angle / fround(Math.exp(a * (i + 1) ** mixed_b))),
  );
}

/** The architecture under the prefix that its checkpoints have. */
const gteAs = (prefix: string, className: string): Architecture<GteConfig> => ({
  baseModelPrefix: prefix,
  headPrefixes: ['classifier', `${prefix}.pooler`],
  classNames: {
    encoder: `${className}Model`,
    sequenceClassification: `${className}ForSequenceClassification`,
  },
  config: {
    hubClasses: new RegExp(`^${className}(Config|Model|For\\w+)$`),
    common: { type_vocab_size: { kind: whole } },
    own,
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, prefix, (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return pooledClassifier(root, `${prefix}.pooler.dense`, hidden, inputs, { labels, probability, dropout });
  },
});

export const gte = gteAs('gte', 'Gte');
export const newModel = gteAs('new', 'New');

function encode(path: ParameterPath, config: GteConfig, inputs: EncoderInputs, dropout: Dropout): Encoded {
  const { hidden_size, vocab_size, type_vocab_size, layer_norm_eps, hidden_dropout_prob } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const words = embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, hidden_size);
    const sum =
      type_vocab_size === 0
        ? words
        : add(
            words,
            embedding(
              embeddings,
              'token_type_embeddings',
              inputs.token_type_ids,
              type_vocab_size,
              hidden_size,
            ),
          );
    return dropout.tokens(layerNorm(embeddings, 'LayerNorm', sum, layer_norm_eps), hidden_dropout_prob);
  });
  const shared: RotaryAttention = scope('attention', () => ({
    heads: config.num_attention_heads,
    bias: attentionBias(inputs.attention_mask),
    rotation: rotation(inputs.position_ids, frequencies(config)),
    dropout,
    probability: config.attention_probs_dropout_prob,
  }));
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) =>
        encodeLayer(layer, config, hiddenStates.at(-1)!, inputs, shared, dropout),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

function encodeLayer(
  layer: ParameterPath,
  config: GteConfig,
  x: Value,
  inputs: EncoderInputs,
  shared: RotaryAttention,
  dropout: Dropout,
): Value {
  const { hidden_size, intermediate_size, hidden_act, layer_norm_eps, hidden_dropout_prob } = config;
  const drop = (y: Value) => dropout.tokens(y, hidden_dropout_prob);
  const context = rotaryAttention(linear(layer, 'attention.qkv_proj', x, 3 * hidden_size), inputs, shared);
  const projected = drop(linear(layer, 'attention.o_proj', context, hidden_size));
  const attended = layerNorm(layer, 'attn_ln', add(x, projected), layer_norm_eps);
  const fed = module(layer, 'mlp', (mlp) => {
    const wide = linear(mlp, 'up_gate_proj', attended, 2 * intermediate_size, false);
    const [up, gate] = split(wide, [intermediate_size, intermediate_size], 1) as [Value, Value];
    return linear(mlp, 'down_proj', drop(mul(activations[hidden_act](gate), up)), hidden_size);
  });
  return layerNorm(layer, 'mlp_ln', add(attended, drop(fed)), layer_norm_eps);
}
