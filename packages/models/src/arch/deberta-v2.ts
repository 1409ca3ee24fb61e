/**
 * DeBERTa v2 and v3 (https://arxiv.org/abs/2006.03654, https://arxiv.org/abs/2111.09543), as `modeling_deberta_v2.py` of
 * transformers 5 computes them: BERT's layers with disentangled attention, whose scores add content-to-position and
 * position-to-content terms over a shared table of relative positions. The convolution of v2 xlarge is not written.
 */
import { add, gather, matmul, mul, reshape, scope, transpose, type Value } from '@rag/onnx';
import { attentionBias } from '../attention.js';
import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  flag,
  type HiddenAct,
  type Kind,
  orNull,
  probability,
  tokenId,
  whole,
} from '../config-file.js';
import type { Dropout } from '../dropout.js';
import type { EncoderInputs } from '../encoder-inputs.js';
import { activations, embedding, layerNorm, linear } from '../layers.js';
import { module, type ParameterPath } from '../parameters.js';
import { atDistances, byDistance, distanceTable } from '../relative-position.js';
import type { Architecture, CommonFields, Encoded } from './architecture.js';
import { type BertConfig, layerFields } from './bert.js';
import { type LayerNames, postNormLayer } from './post-norm-layer.js';
import { debertaBucket } from './relative-buckets.js';

export interface DebertaV2Config extends Omit<BertConfig, 'classifier_dropout'> {
  readonly relative_attention: boolean;
  /** Buckets to each side by logarithm; 0 or less: a place for each distance. */
  readonly position_buckets: number;
  /** Below 1: `max_position_embeddings`. */
  readonly max_relative_positions: number;
  /** `c2p` and `p2c`, as a list or joined by `|`. */
  readonly pos_att_type: readonly string[] | string | null;
  /** Positions use the layer's own query and key projections. */
  readonly share_att_key: boolean;
  /** `layer_norm`: the table of relative positions is normalised. */
  readonly norm_rel_ebd: string;
  /** Absolute positions are added to the embeddings. */
  readonly position_biased_input: boolean;
  /** Width of the embeddings; unless `hidden_size`, they are projected. */
  readonly embedding_size: number | undefined;
  readonly pooler_dropout: number;
  readonly pooler_hidden_act: HiddenAct;
  /** Dropout before the classifier; without it `hidden_dropout_prob`. */
  readonly cls_dropout: number | null | undefined;
}

const wholeOrUnset: Kind<number> = {
  expected: 'a whole number, or -1',
  accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= -1,
};
const positionTypes: Kind<readonly string[] | string | null> = {
  expected: 'c2p and p2c, as a list or joined by |',
  accepts: (value): value is readonly string[] | string | null =>
    value === null || split(value).every((type) => type === 'c2p' || type === 'p2c'),
};
const split = (value: unknown): unknown[] =>
  typeof value === 'string'
    ? value
        .toLowerCase()
        .split('|')
        .map((part) => part.trim())
    : Array.isArray(value)
      ? value
      : [undefined];

/** What the files of Microsoft's own checkpoints leave out means what `configuration_deberta_v2.py` says. */
function own(file: ConfigFile, common: CommonFields): Omit<DebertaV2Config, keyof EncoderConfig> {
  const { hidden_size, num_attention_heads } = common;
  file.only('conv_kernel_size', [0, null]);
  file.only('attention_head_size', [hidden_size / num_attention_heads]);
  file.only('pooler_hidden_size', [hidden_size]);
  file.only('norm_rel_ebd', ['layer_norm', 'none']);
  const text: Kind<string> = {
    expected: 'text',
    accepts: (value): value is string => typeof value === 'string',
  };
  return {
    ...layerFields(file),
    relative_attention: file.takeOr('relative_attention', flag, false),
    position_buckets: file.takeOr('position_buckets', wholeOrUnset, -1),
    max_relative_positions: file.takeOr('max_relative_positions', wholeOrUnset, -1),
    pos_att_type: file.takeOr('pos_att_type', positionTypes, null),
    share_att_key: file.takeOr('share_att_key', flag, false),
    norm_rel_ebd: file.takeOr('norm_rel_ebd', text, 'none'),
    position_biased_input: file.takeOr('position_biased_input', flag, true),
    embedding_size: file.takeOr('embedding_size', count, undefined),
    pooler_dropout: file.takeOr('pooler_dropout', probability, 0),
    pooler_hidden_act: file.takeOr('pooler_hidden_act', activation, 'gelu'),
    cls_dropout: file.takeOr('cls_dropout', orNull(probability), undefined),
  };
}

export const debertaV2: Architecture<DebertaV2Config> = {
  baseModelPrefix: 'deberta',
  headPrefixes: ['classifier', 'pooler'],
  otherHeads: ['lm_predictions', 'mask_predictions'],
  classNames: { encoder: 'DebertaV2Model', sequenceClassification: 'DebertaV2ForSequenceClassification' },
  config: {
    common: { type_vocab_size: { kind: whole }, pad_token_id: { kind: orNull(tokenId), absent: 0 } },
    own,
  },
  encode,
  sequenceClassification(root, config, inputs, labels, dropout) {
    const { first_token } = inputs;
    const { hidden } = module(root, 'deberta', (path) => encode(path, config, inputs, dropout));
    const drop = (x: Value, probability: number) => dropout.sequences(x, probability, first_token);
    const first = drop(gather(hidden, first_token), config.pooler_dropout);
    const dense = linear(root, 'pooler.dense', first, config.hidden_size);
    const pooled = activations[config.pooler_hidden_act](dense);
    return linear(root, 'classifier', drop(pooled, config.cls_dropout ?? config.hidden_dropout_prob), labels);
  },
};

const names: LayerNames = {
  query: 'attention.self.query_proj',
  key: 'attention.self.key_proj',
  value: 'attention.self.value_proj',
  attended: 'attention.output.dense',
  attendedNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

function encode(
  path: ParameterPath,
  config: DebertaV2Config,
  inputs: EncoderInputs,
  dropout: Dropout,
): Encoded {
  const embedded = embed(path, config, inputs, dropout);
  const mask = scope('attention_bias', () => attentionBias(inputs.attention_mask));
  const types = config.pos_att_type === null ? [] : split(config.pos_att_type);
  // The scores are sums of as many terms, whatever of them is written.
  const scale = 1 / Math.sqrt((config.hidden_size / config.num_attention_heads) * (1 + new Set(types).size));
  const positions = config.relative_attention
    ? relativePositions(path.at('encoder'), config, inputs)
    : undefined;
  const hiddenStates = [embedded];
  for (let i = 0; i < config.num_hidden_layers; i++)
    hiddenStates.push(
      module(path, `encoder.layer.${i}`, (layer) => {
        const table = positions && dropout.table(positions.table, config.hidden_dropout_prob);
        return postNormLayer(layer, names, hiddenStates.at(-1)!, inputs, {
          heads: config.num_attention_heads,
          intermediate: config.intermediate_size,
          hidden_act: config.hidden_act,
          epsilon: config.layer_norm_eps,
          scale,
          bias: (query, key) => {
            if (!positions || !table) return mask;
            const terms = disentangled(
              layer.at('attention.self'),
              config,
              types,
              { ...positions, table },
              query,
              key,
            );
            return terms.reduce((sum, term) => add(sum, mul(term, scale)), mask);
          },
          dropout,
          probabilities: {
            weights: config.attention_probs_dropout_prob,
            attended: config.hidden_dropout_prob,
            output: config.hidden_dropout_prob,
          },
        });
      }),
    );
  return { hidden: hiddenStates.at(-1)!, hiddenStates };
}

function embed(path: ParameterPath, config: DebertaV2Config, inputs: EncoderInputs, dropout: Dropout): Value {
  const { hidden_size, vocab_size, type_vocab_size, max_position_embeddings, layer_norm_eps } = config;
  const width = config.embedding_size ?? hidden_size;
  return module(path, 'embeddings', (embeddings) => {
    let sum = embedding(embeddings, 'word_embeddings', inputs.input_ids, vocab_size, width);
    const plus = (name: string, ids: Value, count: number) => {
      sum = add(sum, embedding(embeddings, name, ids, count, width));
    };
    if (config.position_biased_input)
      plus('position_embeddings', inputs.position_ids, max_position_embeddings);
    if (type_vocab_size > 0) plus('token_type_embeddings', inputs.token_type_ids, type_vocab_size);
    const projected = width === hidden_size ? sum : linear(embeddings, 'embed_proj', sum, hidden_size, false);
    return dropout.tokens(
      layerNorm(embeddings, 'LayerNorm', projected, layer_norm_eps),
      config.hidden_dropout_prob,
    );
  });
}

/** What all layers share of the relative positions: their embeddings [2·span, hidden], and which row a distance has. */
interface RelativePositions {
  readonly table: Value;
  /** For the distances of `byDistance`, int64 [2·seq]: the row of a query that far after its key, and before it. */
  readonly after: Value;
  readonly before: Value;
}

function relativePositions(
  encoder: ParameterPath,
  config: DebertaV2Config,
  { attention_mask }: EncoderInputs,
): RelativePositions {
  const { position_buckets: buckets, hidden_size, max_position_embeddings: reach } = config;
  const farthest = config.max_relative_positions < 1 ? reach : config.max_relative_positions;
  const span = buckets > 0 ? buckets : farthest;
  const stored = encoder.get('rel_embeddings.weight', [2 * span, hidden_size]);
  const table =
    config.norm_rel_ebd === 'layer_norm'
      ? layerNorm(encoder, 'LayerNorm', stored, config.layer_norm_eps)
      : stored;
  const row = (distance: number) => {
    const place = buckets > 0 ? debertaBucket(distance, buckets, farthest) : distance;
    return Math.min(Math.max(place + span, 0), 2 * span - 1);
  };
  return {
    table,
    after: atDistances(
      distanceTable(reach, (distance) => row(-distance)),
      attention_mask,
      reach,
    ),
    before: atDistances(distanceTable(reach, row), attention_mask, reach),
  };
}

/** The terms of content to position and position to content, each [batch, heads, seq, seq]. */
function disentangled(
  self: ParameterPath,
  config: DebertaV2Config,
  types: readonly unknown[],
  { table, after, before }: RelativePositions,
  query: Value,
  key: Value,
): Value[] {
  const { hidden_size, num_attention_heads, share_att_key } = config;
  /** A projection of the table at the given rows, as [1, heads, width, 2·seq]. */
  const projected = (shared: string, separate: string, rows: Value): Value => {
    const all = linear(self, share_att_key ? shared : separate, table, hidden_size);
    const heads = reshape(gather(all, rows), [1, -1, num_attention_heads, hidden_size / num_attention_heads]);
    return transpose(heads, [0, 2, 3, 1]);
  };
  const terms: Value[] = [];
  // Row i is a query, column j a key: a query is as far after its key as −(j − i) says.
  if (types.includes('c2p'))
    terms.push(byDistance(matmul(query, projected('key_proj', 'pos_key_proj', after))));
  // Row i is a key, column j a query.
  if (types.includes('p2c')) {
    const byKey = byDistance(matmul(key, projected('query_proj', 'pos_query_proj', before)));
    terms.push(transpose(byKey, [0, 1, 3, 2]));
  }
  return terms;
}
