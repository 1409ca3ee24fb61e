/**
 * RoBERTa (https://arxiv.org/abs/1907.11692) and XLM-R (https://arxiv.org/abs/1911.02116), as `modeling_roberta.py` of
 * transformers 5 computes them: BERT's encoder with positions counted from `pad_token_id` + 1, and a classification
 * head of two linear layers over the first token.
 */
import { add, gather, tanh } from '@rag/onnx';
import type { EncoderConfig } from '../config.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture } from './architecture.js';
import { encode as encodeBert } from './bert.js';

const encode = (path: ParameterPath, config: EncoderConfig, inputs: EncoderInputs, dropout: Dropout) =>
  encodeBert(path, config, inputs, add(inputs.position_ids, (config.pad_token_id ?? 1) + 1), dropout);

export const roberta: Architecture = {
  baseModelPrefix: 'roberta',
  headPrefixes: ['classifier'],
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'roberta', (roberta) => encode(roberta, config, inputs, dropout));
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    const drop = (x: typeof hidden) => dropout.sequences(x, probability, inputs.first_token);
    return module(root, 'classifier', (head) => {
      const dense = linear(head, 'dense', drop(gather(hidden, inputs.first_token)), config.hidden_size);
      return linear(head, 'out_proj', drop(tanh(dense)), labels);
    });
  },
};
