/**
 * ELECTRA's discriminator (https://arxiv.org/abs/2003.10555), as `modeling_electra.py` of transformers 5 computes it: BERT's
 * encoder, whose embeddings may be narrower and are then projected, and a classification head with GELU.
 */
import { gelu } from '@rag/onnx';
import { count } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, Encoded } from './architecture.js';
import { type BertConfig, bertFields, embed, encodeLayers } from './bert.js';
import { denseClassifier } from './classification-head.js';

export interface ElectraConfig extends BertConfig {
  readonly embedding_size: number;
}

export const electra: Architecture<ElectraConfig> = {
  baseModelPrefix: 'electra',
  headPrefixes: ['classifier'],
  otherHeads: ['discriminator_predictions', 'generator_predictions', 'generator_lm_head'],
  classNames: { encoder: 'ElectraModel', sequenceClassification: 'ElectraForSequenceClassification' },
  config: {
    own: (file) => ({ ...bertFields(file), embedding_size: file.take('embedding_size', count) }),
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'electra', (path) => encode(path, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return denseClassifier(root, hidden, inputs, gelu, { labels, probability, dropout });
  },
};

function encode(
  path: ParameterPath,
  config: ElectraConfig,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const { embedding_size, hidden_size } = config;
  const narrow = embed(path, config, inputs, inputs.position_ids, dropout, embedding_size);
  const embedded =
    embedding_size === hidden_size ? narrow : linear(path, 'embeddings_project', narrow, hidden_size);
  return encodeLayers(path, config, embedded, inputs, dropout);
}
