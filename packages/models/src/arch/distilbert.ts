/**
 * DistilBERT (https://arxiv.org/abs/1910.01108), as `modeling_distilbert.py` of transformers 5 computes it: BERT's layers
 * under other names, without token types, pooler and dropout after attention.
 */
import { add, gather, relu, scope } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { activation, type ConfigFile, count, type HiddenAct, probability } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, Encoded } from './architecture.js';
import { type LayerNames, postNormLayer } from './post-norm-layer.js';

export interface DistilBertConfig extends EncoderConfig {
  /** Width of the feed-forward part. */
  readonly hidden_dim: number;
  readonly activation: HiddenAct;
  readonly dropout: number;
  readonly attention_dropout: number;
  readonly seq_classif_dropout: number;
}

/** The architecture's own; no file states it. */
const EPSILON = 1e-12;

const own = (file: ConfigFile): Omit<DistilBertConfig, keyof EncoderConfig> => ({
  hidden_dim: file.take('hidden_dim', count),
  activation: file.take('activation', activation),
  dropout: file.take('dropout', probability),
  attention_dropout: file.take('attention_dropout', probability),
  seq_classif_dropout: file.take('seq_classif_dropout', probability),
});

export const distilbert: Architecture<DistilBertConfig> = {
  baseModelPrefix: 'distilbert',
  headPrefixes: ['classifier', 'pre_classifier'],
  otherHeads: ['pre_classifier', 'vocab_transform', 'vocab_layer_norm', 'vocab_projector'],
  classNames: { encoder: 'DistilBertModel', sequenceClassification: 'DistilBertForSequenceClassification' },
  config: {
    common: {
      hidden_size: { name: 'dim' },
      num_hidden_layers: { name: 'n_layers' },
      num_attention_heads: { name: 'n_heads' },
      type_vocab_size: { fixed: 0 },
    },
    own,
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'distilbert', (path) => encode(path, config, inputs, dropout));
    const first = gather(hidden, inputs.first_token);
    const pooled = relu(linear(root, 'pre_classifier', first, config.hidden_size));
    const dropped = dropout.sequences(pooled, config.seq_classif_dropout, inputs.first_token);
    return linear(root, 'classifier', dropped, labels);
  },
};

const names: LayerNames = {
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attended: 'attention.out_lin',
  attendedNorm: 'sa_layer_norm',
  intermediate: 'ffn.lin1',
  output: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
};

function encode(
  path: ParameterPath,
  config: DistilBertConfig,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { hidden_size, vocab_size, max_position_embeddings } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const words = embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, hidden_size);
    const positions = embedding(
      embeddings,
      'position_embeddings',
      inputs.position_ids,
      max_position_embeddings,
      hidden_size,
    );
    return dropout.tokens(layerNorm(embeddings, 'LayerNorm', add(words, positions), EPSILON), config.dropout);
  });
  const bias = scope('attention_bias', () => attentionBias(inputs.attention_mask));
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `transformer.layer.${i}`, (layer) =>
        postNormLayer(layer, names, hiddenStates.at(-1)!, inputs, {
          heads: config.num_attention_heads,
          intermediate: config.hidden_dim,
          hidden_act: config.activation,
          epsilon: EPSILON,
          bias,
          dropout,
          probabilities: { weights: config.attention_dropout, attended: 0, output: config.dropout },
        }),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}
