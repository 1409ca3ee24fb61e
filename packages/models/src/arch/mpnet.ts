/**
 * MPNet (https://arxiv.org/abs/2004.09297), as `modeling_mpnet.py` of transformers 5 computes it: BERT's layers with one bias
 * per head and bucket of relative positions, shared by all layers, positions counted from 2, and no token types.
 */
import {
  add,
  cast,
  mul,
  range,
  scope,
  shapeOf,
  slice,
  squeeze,
  tanh,
  transpose,
  unsqueeze,
  type Value,
} from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, tokenId } from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { embedding, layerNorm } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { atDistances, byDistance, distanceTable } from '../relative-position.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type BertConfig, layerFields } from './bert.js';
import { denseClassifier } from './classification-head.js';
import { type LayerNames, postNormLayer } from './post-norm-layer.js';
import { MPNET_BUCKETS, mpnetBucket } from './relative-buckets.js';

export type MPNetConfig = Omit<BertConfig, 'classifier_dropout'>;

/** transformers' MPNet takes no other, whatever the file says. */
const PADDING = 1;

function own(file: ConfigFile, { pad_token_id }: CommonFields): Omit<MPNetConfig, keyof EncoderConfig> {
  file.only('relative_attention_num_buckets', [MPNET_BUCKETS]);
  if (pad_token_id !== PADDING) file.refuse('pad_token_id', String(PADDING), pad_token_id);
  return layerFields(file);
}

export const mpnet: Architecture<MPNetConfig> = {
  baseModelPrefix: 'mpnet',
  encoderPooler: 'pooler.dense',
  headPrefixes: ['classifier'],
  classNames: { encoder: 'MPNetModel', sequenceClassification: 'MPNetForSequenceClassification' },
  positionsFromPadding: true,
  config: { common: { pad_token_id: { kind: tokenId }, type_vocab_size: { fixed: 0 } }, own },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { hidden } = module(root, 'mpnet', (path) => encode(path, config, inputs, dropout));
    return denseClassifier(root, hidden, inputs, tanh, {
      labels,
      probability: config.hidden_dropout_prob,
      dropout,
    });
  },
};

const names: LayerNames = {
  query: 'attention.attn.q',
  key: 'attention.attn.k',
  value: 'attention.attn.v',
  attended: 'attention.attn.o',
  attendedNorm: 'attention.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

function encode(path: ParameterPath, config: MPNetConfig, inputs: EncoderInputs, dropout: Dropout): Encoded {
  const { hidden_size, vocab_size, max_position_embeddings, layer_norm_eps, hidden_dropout_prob } = config;
  const embedded = module(path, 'embeddings', (embeddings) => {
    const words = embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, hidden_size);
    const positions = embedding(
      embeddings,
      'position_embeddings',
      add(inputs.position_ids, PADDING + 1),
      max_position_embeddings,
      hidden_size,
    );
    return dropout.tokens(
      layerNorm(embeddings, 'LayerNorm', add(words, positions), layer_norm_eps),
      hidden_dropout_prob,
    );
  });
  const bias = module(path, 'encoder', (encoder) =>
    scope('attention_bias', () =>
      add(attentionBias(inputs.attention_mask), relativeBias(encoder, config, inputs.attention_mask)),
    ),
  );
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) =>
        postNormLayer(layer, names, hiddenStates.at(-1)!, inputs, {
          heads: config.num_attention_heads,
          intermediate: config.intermediate_size,
          hidden_act: config.hidden_act,
          epsilon: layer_norm_eps,
          bias,
          dropout,
          probabilities: {
            weights: config.attention_probs_dropout_prob,
            attended: hidden_dropout_prob,
            output: hidden_dropout_prob,
          },
        }),
      ),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

/** The bias [1, heads, seq, seq] of the buckets of all pairs of columns. */
function relativeBias(encoder: ParameterPath, config: MPNetConfig, attention_mask: Value): Value {
  const { num_attention_heads, max_position_embeddings } = config;
  const buckets = atDistances(
    distanceTable(max_position_embeddings, mpnetBucket),
    attention_mask,
    max_position_embeddings,
  );
  const rows = embedding(encoder, 'relative_attention_bias', buckets, MPNET_BUCKETS, num_attention_heads);
  const seq = squeeze(slice(shapeOf(attention_mask), [1], [2], [0]), [0]);
  // [heads, 1, 2·seq] + [seq, 1]: the same for each query.
  const perQuery = mul(cast(unsqueeze(range(seq), [1]), 'float32'), 0);
  return byDistance(unsqueeze(add(unsqueeze(transpose(rows), [1]), perQuery), [0]));
}
