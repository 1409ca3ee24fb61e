/**
 * ALBERT (https://arxiv.org/abs/1909.11942), as `modeling_albert.py` of transformers 5 computes it: BERT with narrow embeddings
 * that are projected, and layers that share their parameters within a group. Its gradients add up over the layers.
 */
import { scope } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, count, probability } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type BertConfig, embed, layerFields } from './bert.js';
import { pooledClassifier } from './classification-head.js';
import { type LayerNames, postNormLayer } from './post-norm-layer.js';

export interface AlbertConfig extends Omit<BertConfig, 'classifier_dropout'> {
  readonly embedding_size: number;
  /** Groups of layers, each with parameters of its own. */
  readonly num_hidden_groups: number;
  /** Layers with parameters of their own within a group, all of which run at each step. */
  readonly inner_group_num: number;
  readonly classifier_dropout_prob: number;
}

function own(file: ConfigFile, { num_hidden_layers }: CommonFields): Omit<AlbertConfig, keyof EncoderConfig> {
  file.only('position_embedding_type', ['absolute']);
  const num_hidden_groups = file.take('num_hidden_groups', count);
  if (num_hidden_groups > num_hidden_layers)
    file.refuse('num_hidden_groups', `at most "num_hidden_layers" (${num_hidden_layers})`, num_hidden_groups);
  return {
    ...layerFields(file),
    embedding_size: file.take('embedding_size', count),
    num_hidden_groups,
    inner_group_num: file.take('inner_group_num', count),
    classifier_dropout_prob: file.takeOr('classifier_dropout_prob', probability, 0.1),
  };
}

export const albert: Architecture<AlbertConfig> = {
  baseModelPrefix: 'albert',
  encoderPooler: 'pooler',
  headPrefixes: ['classifier', 'albert.pooler'],
  otherHeads: ['predictions', 'sop_classifier'],
  classNames: { encoder: 'AlbertModel', sequenceClassification: 'AlbertForSequenceClassification' },
  config: { own },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'albert', (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout_prob;
    return pooledClassifier(root, 'albert.pooler', hidden, inputs, { labels, probability, dropout });
  },
};

const names: LayerNames = {
  query: 'attention.query',
  key: 'attention.key',
  value: 'attention.value',
  attended: 'attention.dense',
  attendedNorm: 'attention.LayerNorm',
  intermediate: 'ffn',
  output: 'ffn_output',
  outputNorm: 'full_layer_layer_norm',
};

function encode(path: ParameterPath, config: AlbertConfig, inputs: EncoderInputs, dropout: Dropout): Encoded {
  const { hidden_size, num_hidden_layers, num_hidden_groups, hidden_dropout_prob } = config;
  const narrow = embed(path, config, inputs, inputs.position_ids, dropout, config.embedding_size);
  const bias = scope('attention_bias', () => attentionBias(inputs.attention_mask));
  const encoder = path.at('encoder');
  const hiddenStates = [linear(encoder, 'embedding_hidden_mapping_in', narrow, hidden_size)];
  for (let i = 0; i < num_hidden_layers; i++) {
    const group = Math.floor(i / (num_hidden_layers / num_hidden_groups));
    for (let inner = 0; inner < config.inner_group_num; inner++)
      hiddenStates.push(
        module(encoder, `albert_layer_groups.${group}.albert_layers.${inner}`, (layer) =>
          postNormLayer(layer, names, hiddenStates.at(-1)!, inputs, {
            heads: config.num_attention_heads,
            intermediate: config.intermediate_size,
            hidden_act: config.hidden_act,
            epsilon: config.layer_norm_eps,
            bias,
            dropout,
            probabilities: {
              weights: config.attention_probs_dropout_prob,
              attended: hidden_dropout_prob,
              output: 0,
            },
          }),
        ),
      );
  }
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}
