/**
 * BERT (https://arxiv.org/abs/1810.04805), as `modeling_bert.py` of transformers 5 computes it: post-norm encoder
 * layers, learned absolute positions, a tanh pooler over the first token.
 */
import { add, gather, scope, tanh, type Value } from '@rag/onnx';
import { attention, attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import type { Architecture, Encoded } from './architecture.js';

export const bert: Architecture = {
  baseModelPrefix: 'bert',
  headPrefixes: ['classifier', 'bert.pooler'],
  encode: (root, config, inputs, dropout) => encode(root, config, inputs, inputs.position_ids, dropout),
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'bert', (bert) =>
      encode(bert, config, inputs, inputs.position_ids, dropout),
    );
    const first = gather(hidden, inputs.first_token);
    const pooled = module(root, 'bert.pooler', (pooler) =>
      tanh(linear(pooler, 'dense', first, config.hidden_size)),
    );
    const probability = config.classifier_dropout ?? config.hidden_dropout_prob;
    return linear(root, 'classifier', dropout.sequences(pooled, probability, inputs.first_token), labels);
  },
};

/** Embeddings and layers; RoBERTa differs only in where its positions start. */
export function encode(
  path: ParameterPath,
  config: EncoderConfig,
  inputs: EncoderInputs,
  position_ids: Value,
  dropout: Dropout,
): Encoded {
  const { hidden_size, vocab_size, max_position_embeddings, type_vocab_size, layer_norm_eps } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const words = embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, hidden_size);
    const types = embedding(
      embeddings,
      'token_type_embeddings',
      inputs.token_type_ids,
      type_vocab_size,
      hidden_size,
    );
    const positions = embedding(
      embeddings,
      'position_embeddings',
      position_ids,
      max_position_embeddings,
      hidden_size,
    );
    const sum = add(add(words, types), positions);
    return dropout.tokens(
      layerNorm(embeddings, 'LayerNorm', sum, layer_norm_eps),
      config.hidden_dropout_prob,
    );
  });
  const bias = scope('attention_bias', () => attentionBias(inputs.attention_mask));
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) =>
        encodeLayer(layer, config, hiddenStates.at(-1)!, inputs, bias, dropout),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

function encodeLayer(
  layer: ParameterPath,
  config: EncoderConfig,
  x: Value,
  inputs: EncoderInputs,
  bias: Value,
  dropout: Dropout,
): Value {
  const { hidden_size, intermediate_size, num_attention_heads, layer_norm_eps, hidden_dropout_prob } = config;
  /** Dense, dropout, residual, norm: how both halves of a layer end. */
  const output = (name: string, y: Value, residual: Value): Value =>
    module(layer, name, (path) => {
      const projected = dropout.tokens(linear(path, 'dense', y, hidden_size), hidden_dropout_prob);
      return layerNorm(path, 'LayerNorm', add(projected, residual), layer_norm_eps);
    });
  const context = module(layer, 'attention.self', (self) =>
    attention(
      {
        query: linear(self, 'query', x, hidden_size),
        key: linear(self, 'key', x, hidden_size),
        value: linear(self, 'value', x, hidden_size),
        bias,
      },
      inputs,
      num_attention_heads,
      (weights) => dropout.attention(weights, config.attention_probs_dropout_prob),
    ),
  );
  const attended = output('attention.output', context, x);
  const intermediate = module(layer, 'intermediate', (path) =>
    activations[config.hidden_act](linear(path, 'dense', attended, intermediate_size)),
  );
  return output('output', intermediate, attended);
}
