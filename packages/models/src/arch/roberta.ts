/**
 * RoBERTa (https://arxiv.org/abs/1907.11692) and XLM-R (https://arxiv.org/abs/1911.02116), as `modeling_roberta.py` of
 * transformers 5 computes them: BERT's encoder with positions counted from `pad_token_id` + 1, and a classification
 * head of two linear layers over the first token.
 */
import { add, tanh } from '@rag/onnx';
import { tokenId } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture } from './architecture.js';
import { type BertConfig, bertFields, encode as encodeBert } from './bert.js';
import { denseClassifier } from './classification-head.js';

const encode = (path: ParameterPath, config: BertConfig, inputs: EncoderInputs, dropout: Dropout) =>
  encodeBert(path, config, inputs, add(inputs.position_ids, (config.pad_token_id ?? 1) + 1), dropout);

export const roberta: Architecture<BertConfig> = {
  baseModelPrefix: 'roberta',
  encoderPooler: 'pooler.dense',
  headPrefixes: ['classifier'],
  classNames: { encoder: 'RobertaModel', sequenceClassification: 'RobertaForSequenceClassification' },
  positionsFromPadding: true,
  config: { common: { pad_token_id: { kind: tokenId } }, own: bertFields },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'roberta', (roberta) => encode(roberta, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return denseClassifier(root, hidden, inputs, tanh, { labels, probability, dropout });
  },
};

export const xlmRoberta: Architecture<BertConfig> = {
  ...roberta,
  classNames: { encoder: 'XLMRobertaModel', sequenceClassification: 'XLMRobertaForSequenceClassification' },
};
