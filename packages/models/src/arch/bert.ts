/**
 * BERT (https://arxiv.org/abs/1810.04805), as `modeling_bert.py` of transformers 5 computes it: post-norm encoder
 * layers, learned absolute positions, a tanh pooler over the first token. MiniLM, E5, BGE and GTE v1 are BERTs too.
 */
import { add, scope, type Value } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  type HiddenAct,
  orNull,
  positive,
  probability,
} from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { embedding, layerNorm } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, Encoded } from './architecture.js';
import { pooledClassifier } from './classification-head.js';
import { type LayerNames, postNormLayer } from './post-norm-layer.js';

/** What a BERT-like config.json says beyond the common fields. */
export interface BertConfig extends EncoderConfig {
  readonly intermediate_size: number;
  readonly hidden_act: HiddenAct;
  /** Probability in [0, 1). */
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** null: as `hidden_dropout_prob`. */
  readonly classifier_dropout: number | null;
  readonly layer_norm_eps: number;
}

/** The fields of an encoder layer in the files of BERT and its kin. */
export const layerFields = (file: ConfigFile) => ({
  intermediate_size: file.take('intermediate_size', count),
  hidden_act: file.take('hidden_act', activation),
  hidden_dropout_prob: file.take('hidden_dropout_prob', probability),
  attention_probs_dropout_prob: file.take('attention_probs_dropout_prob', probability),
  layer_norm_eps: file.take('layer_norm_eps', positive),
});

/** `classifier_dropout` is absent from files older than transformers 4.8, which means null. */
export function bertFields(file: ConfigFile): Omit<BertConfig, keyof EncoderConfig> {
  file.only('position_embedding_type', ['absolute']);
  file.only('is_decoder', [false]);
  file.only('add_cross_attention', [false]);
  return {
    ...layerFields(file),
    classifier_dropout: file.takeOr('classifier_dropout', orNull(probability), null),
  };
}

export const bert: Architecture<BertConfig> = {
  baseModelPrefix: 'bert',
  encoderPooler: 'pooler.dense',
  headPrefixes: ['classifier', 'bert.pooler'],
  classNames: { encoder: 'BertModel', sequenceClassification: 'BertForSequenceClassification' },
  config: { own: bertFields },
  encode: (root, config, inputs, dropout) => encode(root, config, inputs, inputs.position_ids, dropout),
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'bert', (bert) =>
      encode(bert, config, inputs, inputs.position_ids, dropout),
    );
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return pooledClassifier(root, 'bert.pooler.dense', hidden, inputs, { labels, probability, dropout });
  },
};

/** Embeddings and layers; RoBERTa differs only in where its positions start. */
export function encode(
  path: ParameterPath,
  config: BertConfig,
  inputs: EncoderInputs,
  position_ids: Value,
  dropout: Dropout,
): Encoded {
  const embedded = embed(path, config, inputs, position_ids, dropout, config.hidden_size);
  return encodeLayers(path, config, embedded, inputs, dropout);
}

/** Words, token types and absolute positions, [tokens, width], under `embeddings`. */
export function embed(
  path: ParameterPath,
  config: Pick<
    BertConfig,
    'vocab_size' | 'type_vocab_size' | 'max_position_embeddings' | 'layer_norm_eps' | 'hidden_dropout_prob'
  >,
  inputs: EncoderInputs,
  position_ids: Value,
  dropout: Dropout,
  width: number,
): Value {
  return module(path, 'embeddings', (embeddings) => {
    const table = (name: string, ids: Value, count: number) => embedding(embeddings, name, ids, count, width);
    const words = table('word_embeddings', inputs.input_ids, config.vocab_size);
    const types = table('token_type_embeddings', inputs.token_type_ids, config.type_vocab_size);
    const positions = table('position_embeddings', position_ids, config.max_position_embeddings);
    const sum = add(add(words, types), positions);
    return dropout.tokens(
      layerNorm(embeddings, 'LayerNorm', sum, config.layer_norm_eps),
      config.hidden_dropout_prob,
    );
  });
}

const names: LayerNames = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attended: 'attention.output.dense',
  attendedNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

/** The layers `encoder.layer.<i>` over the embeddings [tokens, hidden]. */
export function encodeLayers(
  path: ParameterPath,
  config: BertConfig,
  embedded: Value,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const bias = scope('attention_bias', () => attentionBias(inputs.attention_mask));
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) =>
        postNormLayer(layer, names, hiddenStates.at(-1)!, inputs, {
          heads: config.num_attention_heads,
          intermediate: config.intermediate_size,
          hidden_act: config.hidden_act,
          epsilon: config.layer_norm_eps,
          bias,
          dropout,
          probabilities: {
            weights: config.attention_probs_dropout_prob,
            attended: config.hidden_dropout_prob,
            output: config.hidden_dropout_prob,
          },
        }),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}
