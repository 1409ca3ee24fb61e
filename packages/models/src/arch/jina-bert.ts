/**
 * Jina BERT (https://arxiv.org/abs/2310.19923), whose code lies on the hub: BERT with ALiBi in place of positions and a gated
 * feed-forward part. Its files say `"model_type": "bert"`. Two of Jina's repositories hold the code, and compute differently:
 * - jina-bert-implementation (jina-embeddings-v2-base-en, -zh, -de, -small-en, jina-reranker-v1): the first half of the
 *   projection is the gate;
 * - jina-bert-v2-qk-post-norm (jina-embeddings-v2-base-code): the second half is, queries and keys are normed over all heads,
 *   and the residual is added once more around the attention's own norm.
 */
import { add, mul, scope, split, type Value } from '@rag/onnx';
import { alibiBias, attention, attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, oneOf, orNull, probability } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { isJsonObject } from '../file-source.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, Encoded } from './architecture.js';
import { type BertConfig, layerFields } from './bert.js';
import { pooledClassifier } from './classification-head.js';

/** The activation of the gate. */
const GATES = { geglu: 'gelu', reglu: 'relu' } as const;

export interface JinaBertConfig extends BertConfig {
  readonly feed_forward_type: keyof typeof GATES;
}

const CODE = ['jinaai/jina-bert-implementation', 'jinaai/jina-bert-v2-qk-post-norm'] as const;

/** Which of the two a file is for: the repository that `auto_map` names, or, where the code lies beside the file, `_name_or_path`. */
function codeOf(json: Readonly<Record<string, unknown>>): (typeof CODE)[number] | undefined {
  const { auto_map, _name_or_path } = json;
  const named = isJsonObject(auto_map) ? Object.values(auto_map).map((code) => String(code).split('--')) : [];
  const stated = named.flatMap(([repository, code]) => (code === undefined ? [] : [repository]));
  const repositories = new Set(stated.length > 0 ? stated : [_name_or_path]);
  return repositories.size === 1 ? CODE.find((code) => repositories.has(code)) : undefined;
}

function own(file: ConfigFile): Omit<JinaBertConfig, keyof EncoderConfig> {
  file.only('is_decoder', [false]);
  file.only('add_cross_attention', [false]);
  if (codeOf(file.json) === undefined)
    file.refuse(
      'auto_map',
      `code of ${CODE.join(' or of ')}, here or in "_name_or_path": they compute differently, and nothing else tells them apart`,
      file.json.auto_map,
    );
  return {
    ...layerFields(file),
    feed_forward_type: file.take('feed_forward_type', oneOf(Object.keys(GATES) as (keyof typeof GATES)[])),
    classifier_dropout: file.takeOr('classifier_dropout', orNull(probability), null),
  };
}

export const jinaBert: Architecture<JinaBertConfig> = {
  baseModelPrefix: 'bert',
  encoderPooler: 'pooler.dense',
  headPrefixes: ['classifier', 'bert.pooler'],
  classNames: { encoder: 'JinaBertModel', sequenceClassification: 'JinaBertForSequenceClassification' },
  config: {
    hubClasses: /^JinaBert(Config|Model|For\w+)$/,
    alsoReads: { model_type: 'bert', states: (json) => json.position_embedding_type === 'alibi' },
    statedType: 'bert',
    own,
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'bert', (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return pooledClassifier(root, 'bert.pooler.dense', hidden, inputs, { labels, probability, dropout });
  },
};

function encode(
  path: ParameterPath,
  config: JinaBertConfig,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { hidden_size, vocab_size, type_vocab_size, layer_norm_eps, hidden_dropout_prob } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const table = (name: string, ids: Value, count: number) =>
      embedding(embeddings, name, ids, count, hidden_size);
    const words = table('word_embeddings', inputs.input_ids, vocab_size);
    const types = table('token_type_embeddings', inputs.token_type_ids, type_vocab_size);
    return dropout.tokens(
      layerNorm(embeddings, 'LayerNorm', add(words, types), layer_norm_eps),
      hidden_dropout_prob,
    );
  });
  const bias = scope('attention_bias', () =>
    add(attentionBias(inputs.attention_mask), alibiBias(inputs.attention_mask, config.num_attention_heads)),
  );
  const encodeLayer = codeOf(config.extra) === CODE[1] ? postNormedLayer : gatedLayer;
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) =>
        encodeLayer({ layer, config, inputs, bias, dropout }, hiddenStates.at(-1)!),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

interface Layer {
  readonly layer: ParameterPath;
  readonly config: JinaBertConfig;
  readonly inputs: EncoderInputs;
  readonly bias: Value;
  readonly dropout: Dropout;
}

/** Attention with its residual and norm over x [tokens, hidden]; `norm` is over queries and keys. */
function attend(
  { layer, config, inputs, bias, dropout }: Layer,
  x: Value,
  norm: (name: string, y: Value) => Value,
): Value {
  const { hidden_size, num_attention_heads, attention_probs_dropout_prob } = config;
  const project = (name: string) => linear(layer, `attention.self.${name}`, x, hidden_size);
  const context = attention(
    {
      query: norm('attention.self.layer_norm_q', project('query')),
      key: norm('attention.self.layer_norm_k', project('key')),
      value: project('value'),
      bias,
    },
    inputs,
    num_attention_heads,
    (weights) => dropout.attention(weights, attention_probs_dropout_prob),
  );
  const output = linear(layer, 'attention.output.dense', context, hidden_size);
  const sum = add(dropout.tokens(output, config.hidden_dropout_prob), x);
  return layerNorm(layer, 'attention.output.LayerNorm', sum, config.layer_norm_eps);
}

/** The two halves of the gated projection `name` of x, each [tokens, intermediate]. */
const halves = ({ layer, config: { intermediate_size } }: Layer, name: string, x: Value): [Value, Value] =>
  split(linear(layer, name, x, 2 * intermediate_size, false), [intermediate_size, intermediate_size], 1) as [
    Value,
    Value,
  ];

function gatedLayer(of: Layer, x: Value): Value {
  const { layer, config, dropout } = of;
  const attended = attend(of, x, (_, y) => y);
  const [gate, up] = halves(of, 'mlp.gated_layers', attended);
  const gated = mul(activations[GATES[config.feed_forward_type]](gate), up);
  const fed = linear(layer, 'mlp.wo', dropout.tokens(gated, config.hidden_dropout_prob), config.hidden_size);
  return layerNorm(layer, 'mlp.layernorm', add(fed, attended), config.layer_norm_eps);
}

function postNormedLayer(of: Layer, x: Value): Value {
  const { layer, config, dropout } = of;
  const norm = (name: string, y: Value) => layerNorm(layer, name, y, config.layer_norm_eps);
  const attended = norm('layer_norm_1', add(x, attend(of, x, norm)));
  const [up, gate] = halves(of, 'mlp.up_gated_layer', attended);
  const gated = mul(up, activations[GATES[config.feed_forward_type]](gate));
  const fed = linear(
    layer,
    'mlp.down_layer',
    dropout.tokens(gated, config.hidden_dropout_prob),
    config.hidden_size,
  );
  return norm('layer_norm_2', add(attended, fed));
}
