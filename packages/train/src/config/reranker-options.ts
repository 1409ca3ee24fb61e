import { lossNames } from '@rag/losses';
import { adapterOptions } from './adapter-options.js';
import { anyNumber, anyText, choice, flag, paths, share, text, wholeNumber } from './kind.js';
import { type ConfigOf, type OptionsOf, option, optional } from './option.js';
import { presetOption } from './presets.js';
import { rerankerPresets } from './reranker-presets.js';
import {
  learningOptions,
  loaderOptions,
  modelOptions,
  runOptions,
  sourceOptions,
  warmup,
} from './shared-options.js';

/**
 * Every setting of `rag train reranker`: the keys of RAG-Retrieval's reranker trainer in its three generations and of
 * FlagEmbedding's, under one name each, with the others as aliases.
 */
export const rerankerOptions = {
  // Start
  preset: presetOption(rerankerPresets),

  // Model
  ...modelOptions,
  model_type: optional(
    choice(['bert_encoder', 'llm_decoder', 'decoder'], {
      cross_encoder: 'bert_encoder',
      encoder: 'bert_encoder',
      from_finetuned_model: 'decoder',
    }),
    'bert_encoder, llm_decoder (a language model with a scalar head) or decoder (one that answers yes); without it what config.json states',
  ),
  num_labels: option(wholeNumber(1), 1, 'logits per pair: 1, which the losses read'),
  start_layer: optional(
    wholeNumber(0),
    'of a layer-wise model: its first layer with a head, as its config.json states',
  ),
  head_multi: optional(
    flag,
    'of a layer-wise model: whether each of them has its own, as its config.json states',
  ),
  head_type: optional(
    choice(['simple', 'raw', 'complex']),
    'of a layer-wise model: what its heads are, as its config.json states; simple is the one that is trained',
  ),

  // Data
  ...sourceOptions,
  train_dataset_type: optional(
    choice(['pointwise', 'grouped']),
    'what the rows must be; without it any shape that the loss can read',
  ),
  train_group_size: option(wholeNumber(2), 8, 'passages per group, for losses over groups'),
  train_label_key: optional(text, 'key of a row’s or hit’s label; without it label, or else score'),
  val_dataset: optional(paths, 'JSONL files to rank before, during and after training', {
    aliases: ['eval_dataset'],
    path: 'file',
  }),
  val_dataset_type: optional(choice(['pointwise', 'grouped']), 'as train_dataset_type, for val_dataset'),
  val_label_key: optional(text, 'as train_label_key, for val_dataset'),
  min_label: option(anyNumber, 0, 'label that stands for 0, for pointwise losses'),
  max_label: option(anyNumber, 1, 'label that stands for 1, for pointwise losses'),
  shuffle_rate: option(share, 0, 'chance to cut a long text in three and permute it', {
    aliases: ['shuffle_ratio'],
  }),
  knowledge_distillation: option(flag, false, 'learn from pos_scores and neg_scores as well'),
  max_len: option(
    wholeNumber(5),
    512,
    'tokens of a pair, special ones included; not read where query_max_len or passage_max_len is given',
    { aliases: ['max_length'] },
  ),
  query_max_len: optional(
    wholeNumber(1),
    'with passage_max_len, 32 and 128 where only one is given: their sum is the pair’s limit, in training the query is first cut to its own and a quarter of the passage’s',
  ),
  passage_max_len: optional(
    wholeNumber(1),
    'with query_max_len: in training the passage is first cut to its own and half of the query’s',
  ),
  query_format: optional(
    anyText,
    'text around a query, for decoders; without it that of the checkpoint, or {}',
  ),
  document_format: optional(
    anyText,
    'text around a passage, for decoders; without it that of the checkpoint, or {}',
  ),
  query_instruction_for_rerank: optional(anyText, 'instruction before a query, for decoders'),
  query_instruction_format: option(anyText, '{}{}', 'how instruction and query are joined'),
  passage_instruction_for_rerank: optional(anyText, 'instruction before a passage, for decoders'),
  passage_instruction_format: option(anyText, '{}{}', 'how instruction and passage are joined'),
  seq: optional(anyText, 'text between query and passage, for decoders; without it that of the checkpoint', {
    aliases: ['sep_token'],
  }),
  special_token: optional(anyText, 'text after a passage, for decoders; without it that of the checkpoint'),
  ...loaderOptions,

  // Learning
  loss_type: option(choice(lossNames()), 'pointwise_bce', 'the loss; it decides how rows become examples'),
  ...learningOptions,
  batch_size: option(wholeNumber(1), 8, 'pairs per batch, or groups', {
    aliases: ['per_device_train_batch_size'],
  }),
  warmup_proportion: warmup(0.1),
  sub_batch_size: optional(
    wholeNumber(1),
    'pairs that are computed at once; of groups as many as they fit, one at least. The update is that of the whole batch',
  ),
  ...adapterOptions,

  // The run
  ...runOptions,
  eval_batch_size: option(wholeNumber(1), 64, 'pairs per batch in evaluation', {
    aliases: ['per_device_eval_batch_size'],
  }),
};

export type RerankerOptionTable = typeof rerankerOptions;

/** The settings of a reranker training run, every default filled in. */
export type RerankerConfig = ConfigOf<RerankerOptionTable>;

/** The same as code gives them. */
export type RerankerOptions = OptionsOf<RerankerOptionTable>;
