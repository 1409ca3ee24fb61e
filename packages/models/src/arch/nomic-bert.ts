/**
 * Nomic BERT (https://arxiv.org/abs/2402.01613), as `modeling_nomic_bert.py` of transformers 5 computes it: post-norm layers
 * without biases, rotary positions, SwiGLU. Tensors have the names of the published checkpoints (`Wqkv`, `fc11`), which transformers
 * keeps on disk. config.json comes in two spellings: Nomic's own (`n_embd`), whose code lies on the hub, and transformers'.
 */
import { add, mul, scope, type Value } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  type HiddenAct,
  type Kind,
  oneOf,
  orNull,
  positive,
  probability,
  tokenId,
} from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { type RopeParameters, ropeParameters, rotaryFrequencies, rotation } from '../rotary.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import type { BertConfig } from './bert.js';
import { pooledClassifier } from './classification-head.js';
import { type RotaryAttention, rotaryAttention } from './rotary-attention.js';

export interface NomicBertConfig extends BertConfig {
  readonly rope_parameters: RopeParameters | undefined;
  /** The theta of Nomic's own spelling. */
  readonly rotary_emb_base: number | undefined;
}

/** The gated feed-forward parts of Nomic's spelling, by the activation of their gate. */
const GATES: { readonly [Name in 'swiglu' | 'geglu']: HiddenAct } = { swiglu: 'silu', geglu: 'gelu' };

function own(file: ConfigFile, common: CommonFields): Omit<NomicBertConfig, keyof EncoderConfig> {
  const { hidden_size, num_attention_heads } = common;
  const width = hidden_size / num_attention_heads;
  const no = [false, null];
  for (const field of [
    'qkv_proj_bias',
    'mlp_fc1_bias',
    'mlp_fc2_bias',
    'prenorm',
    'parallel_block',
    'causal',
  ])
    file.only(field, no);
  for (const field of ['use_rms_norm', 'rotary_emb_interleaved']) file.only(field, no);
  for (const field of ['rotary_emb_scale_base', 'rotary_scaling_factor', 'num_experts', 'moe_every_n_layers'])
    file.only(field, [null, 0]);
  file.only('rotary_emb_fraction', [1]);
  file.only('head_dim', [width]);
  if (width % 2 !== 0)
    file.refuse('num_attention_heads', 'heads of an even width, for rotary positions', num_attention_heads);
  const either = <T>(field: string, older: string, kind: Kind<T>): T =>
    file.take(file.json[field] === undefined && file.json[older] !== undefined ? older : field, kind);
  const rope_parameters = file.takeOr('rope_parameters', ropeParameters, undefined);
  return {
    intermediate_size: either('intermediate_size', 'n_inner', count),
    hidden_act: file.takeOr('hidden_act', activation, undefined) ?? gate(file),
    hidden_dropout_prob: either('hidden_dropout_prob', 'resid_pdrop', probability),
    attention_probs_dropout_prob: either('attention_probs_dropout_prob', 'attn_pdrop', probability),
    layer_norm_eps: either('layer_norm_eps', 'layer_norm_epsilon', positive),
    classifier_dropout: file.takeOr('classifier_dropout', orNull(probability), null),
    rope_parameters,
    rotary_emb_base: rope_parameters ? undefined : file.take('rotary_emb_base', positive),
  };
}

const gate = (file: ConfigFile): HiddenAct =>
  GATES[file.take('activation_function', oneOf(Object.keys(GATES) as (keyof typeof GATES)[]))];

export const nomicBert: Architecture<NomicBertConfig> = {
  baseModelPrefix: 'nomic_bert',
  hubPrefix: 'bert',
  headPrefixes: ['classifier', 'nomic_bert.pooler'],
  classNames: { encoder: 'NomicBertModel', sequenceClassification: 'NomicBertForSequenceClassification' },
  config: {
    hubClasses: /^NomicBert(Config|Model|For\w+)$/,
    common: {
      hidden_size: { older: 'n_embd' },
      num_hidden_layers: { older: 'n_layer' },
      num_attention_heads: { older: 'n_head' },
      max_position_embeddings: { older: 'n_positions' },
      pad_token_id: { kind: orNull(tokenId), absent: 0 },
    },
    own,
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'nomic_bert', (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return pooledClassifier(root, 'nomic_bert.pooler.dense', hidden, inputs, {
      labels,
      probability,
      dropout,
    });
  },
};

function encode(
  path: ParameterPath,
  config: NomicBertConfig,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { hidden_size, num_attention_heads, vocab_size, type_vocab_size, layer_norm_eps } = config;
  const sum = module(path, 'embeddings', (embeddings) =>
    add(
      embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, hidden_size),
      embedding(embeddings, 'token_type_embeddings', inputs.token_type_ids, type_vocab_size, hidden_size),
    ),
  );
  const embedded = dropout.tokens(layerNorm(path, 'emb_ln', sum, layer_norm_eps), config.hidden_dropout_prob);
  const rope = config.rope_parameters ?? { rope_theta: config.rotary_emb_base! };
  const shared: RotaryAttention = scope('attention', () => ({
    heads: num_attention_heads,
    bias: attentionBias(inputs.attention_mask),
    rotation: rotation(inputs.position_ids, rotaryFrequencies(hidden_size / num_attention_heads, rope)),
    dropout,
    probability: config.attention_probs_dropout_prob,
  }));
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layers.${i}`, (layer) =>
        encodeLayer(layer, config, hiddenStates.at(-1)!, inputs, shared, dropout),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

function encodeLayer(
  layer: ParameterPath,
  config: NomicBertConfig,
  x: Value,
  inputs: EncoderInputs,
  shared: RotaryAttention,
  dropout: Dropout,
): Value {
  const { hidden_size, intermediate_size, hidden_act, layer_norm_eps, hidden_dropout_prob } = config;
  const flat = (name: string, y: Value, width: number) => linear(layer, name, y, width, false);
  const context = rotaryAttention(flat('attn.Wqkv', x, 3 * hidden_size), inputs, shared);
  const projected = dropout.tokens(flat('attn.out_proj', context, hidden_size), hidden_dropout_prob);
  const attended = layerNorm(layer, 'norm1', add(projected, x), layer_norm_eps);
  const gate = activations[hidden_act](flat('mlp.fc12', attended, intermediate_size));
  const fed = flat('mlp.fc2', mul(flat('mlp.fc11', attended, intermediate_size), gate), hidden_size);
  return layerNorm(layer, 'norm2', add(dropout.tokens(fed, hidden_dropout_prob), attended), layer_norm_eps);
}
