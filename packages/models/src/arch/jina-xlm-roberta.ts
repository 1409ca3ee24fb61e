/**
 * Jina's XLM-R, whose code lies on the hub (jinaai/xlm-roberta-flash-implementation): XLM-R with other names of its tensors and
 * queries, keys and values in one projection. Its files say `"model_type": "xlm-roberta"`.
 * - With absolute positions (jina-reranker-v2-base-multilingual) it is transformers' XLM-R, and is computed and written as such.
 * - With rotary ones (jina-embeddings-v3, https://arxiv.org/abs/2409.10173; jina-colbert-v2) it is `jina_embeddings_v3` of
 *   transformers 5, and is written as such. Published weights may carry LoRA adapters of several tasks, see `merge-adapter.ts`.
 */
import { add, scope, tanh, type Value } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, orNull, positive, probability } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { isJsonObject } from '../file-source.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { type RopeParameters, ropeParameters, rotaryFrequencies, rotation } from '../rotary.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type BertConfig, layerFields } from './bert.js';
import { denseClassifier } from './classification-head.js';
import { mergeAdapter } from './merge-adapter.js';
import { plainXlmRoberta } from './plain-xlm-roberta.js';
import { xlmRoberta } from './roberta.js';
import { type RotaryAttention, rotaryAttention } from './rotary-attention.js';

export interface JinaEmbeddingsV3Config extends BertConfig {
  readonly rope_parameters: RopeParameters;
}

type Json = Readonly<Record<string, unknown>>;

/** Whether a file is one of Jina's code: `use_flash_attn`, which only its config class has, or the class itself. */
const isFlash = ({ auto_map, use_flash_attn }: Json): boolean =>
  use_flash_attn !== undefined ||
  (isJsonObject(auto_map) &&
    Object.values(auto_map).some((code) => String(code).endsWith('.XLMRobertaFlashConfig')));
const isRotary = ({ position_embedding_type }: Json): boolean => position_embedding_type === 'rotary';
const hubClasses = /^XLMRoberta(FlashConfig|Model|LoRA|For\w+)$/;

function rotaryFields(
  file: ConfigFile,
  common: CommonFields,
): Omit<JinaEmbeddingsV3Config, keyof EncoderConfig> {
  const { hidden_size, num_attention_heads } = common;
  const width = hidden_size / num_attention_heads;
  file.only('position_embedding_type', ['rotary']);
  file.only('rotary_emb_dim', [width]);
  file.only('rotary_emb_scale_base', [null]);
  file.only('rotary_emb_interleaved', [false]);
  if (width % 2 !== 0)
    file.refuse('num_attention_heads', 'heads of an even width, for rotary positions', num_attention_heads);
  const rope_parameters =
    file.json.model_type === 'jina_embeddings_v3'
      ? file.take('rope_parameters', ropeParameters)
      : { rope_theta: file.take('rotary_emb_base', positive), rope_type: 'default' as const };
  return {
    ...layerFields(file),
    classifier_dropout: file.takeOr('classifier_dropout', orNull(probability), null),
    rope_parameters,
  };
}

/** What Jina's code states otherwise than transformers. */
const REPLACED = [
  'auto_map',
  'position_embedding_type',
  'use_flash_attn',
  'use_reentrant',
  'emb_pooler',
  'load_trained_adapters',
  'rotary_emb_base',
  'rotary_emb_dim',
  'rotary_emb_interleaved',
  'rotary_emb_scale_base',
  'lora_adaptations',
  'lora_alpha',
  'lora_dropout_p',
  'lora_main_params_trainable',
  'lora_rank',
  'task_instructions',
];

export const jinaXlmRoberta: Architecture<BertConfig> = {
  ...xlmRoberta,
  config: {
    ...xlmRoberta.config,
    hubClasses,
    alsoReads: { model_type: 'xlm-roberta', states: (json) => isFlash(json) && !isRotary(json) },
    statedType: 'xlm-roberta',
    replaced: REPLACED,
  },
  plainTensors: (tensors, config, task) => plainXlmRoberta(mergeAdapter(tensors, config, task)),
};

export const jinaEmbeddingsV3: Architecture<JinaEmbeddingsV3Config> = {
  baseModelPrefix: 'roberta',
  encoderPooler: 'pooler.dense',
  headPrefixes: ['classifier'],
  classNames: {
    encoder: 'JinaEmbeddingsV3Model',
    sequenceClassification: 'JinaEmbeddingsV3ForSequenceClassification',
  },
  config: {
    hubClasses,
    alsoReads: { model_type: 'xlm-roberta', states: (json) => isFlash(json) && isRotary(json) },
    replaced: REPLACED,
    own: rotaryFields,
  },
  plainTensors: mergeAdapter,
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'roberta', (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return denseClassifier(root, hidden, inputs, tanh, { labels, probability, dropout });
  },
};

function encode(
  path: ParameterPath,
  config: JinaEmbeddingsV3Config,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { hidden_size, num_attention_heads, rope_parameters, layer_norm_eps, hidden_dropout_prob } = config;
  const sum = module(path, 'embeddings', (embeddings) => {
    const table = (name: string, ids: Value, count: number) =>
      embedding(embeddings, name, ids, count, hidden_size);
    const words = table('word_embeddings', inputs.input_ids, config.vocab_size);
    return add(words, table('token_type_embeddings', inputs.token_type_ids, config.type_vocab_size));
  });
  const embedded = dropout.tokens(layerNorm(path, 'emb_ln', sum, layer_norm_eps), hidden_dropout_prob);
  const shared: RotaryAttention = scope('attention', () => ({
    heads: num_attention_heads,
    bias: attentionBias(inputs.attention_mask),
    rotation: rotation(
      inputs.position_ids,
      rotaryFrequencies(hidden_size / num_attention_heads, rope_parameters),
    ),
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
  config: JinaEmbeddingsV3Config,
  x: Value,
  inputs: EncoderInputs,
  shared: RotaryAttention,
  dropout: Dropout,
): Value {
  const { hidden_size, intermediate_size, hidden_act, layer_norm_eps, hidden_dropout_prob } = config;
  const drop = (y: Value) => dropout.tokens(y, hidden_dropout_prob);
  const context = rotaryAttention(linear(layer, 'mixer.Wqkv', x, 3 * hidden_size), inputs, shared);
  const projected = drop(linear(layer, 'mixer.out_proj', context, hidden_size));
  const attended = layerNorm(layer, 'norm1', add(projected, x), layer_norm_eps);
  const wide = activations[hidden_act](linear(layer, 'mlp.fc1', attended, intermediate_size));
  const fed = drop(linear(layer, 'mlp.fc2', wide, hidden_size));
  return layerNorm(layer, 'norm2', add(fed, attended), layer_norm_eps);
}
