import { lossNames } from '@rag/losses';
import { anyNumber, anyText, choice, flag, paths, positiveNumber, share, text, wholeNumber } from './kind.js';
import { type ConfigOf, later, type OptionsOf, option, optional } from './option.js';
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
  // Model
  ...modelOptions,
  model_type: later(
    choice(['bert_encoder', 'llm_decoder'], {
      cross_encoder: 'bert_encoder',
      encoder: 'bert_encoder',
      decoder: 'llm_decoder',
    }),
    'bert_encoder',
    'bert_encoder',
    'kind of reranker',
  ),
  num_labels: later(wholeNumber(1), 1, '1', 'logits per pair'),

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
  max_len: option(wholeNumber(5), 512, 'tokens of a pair, special ones included', {
    aliases: ['max_length'],
  }),
  query_max_len: later(wholeNumber(1), undefined, 'max_len for the pair', 'tokens of a query'),
  passage_max_len: later(wholeNumber(1), undefined, 'max_len for the pair', 'tokens of a passage'),
  query_format: later(anyText, '{}', '{}', 'text around a query'),
  document_format: later(anyText, '{}', '{}', 'text around a passage'),
  query_instruction_for_rerank: later(anyText, undefined, 'none', 'instruction before a query'),
  query_instruction_format: later(anyText, '{}{}', '{}{}', 'how instruction and query are joined'),
  passage_instruction_for_rerank: later(anyText, undefined, 'none', 'instruction before a passage'),
  passage_instruction_format: later(anyText, '{}{}', '{}{}', 'how instruction and passage are joined'),
  seq: later(
    anyText,
    '',
    'the model’s own pair template',
    'text between query and passage, for llm_decoder',
    {
      aliases: ['sep_token'],
    },
  ),
  special_token: later(anyText, '', 'the model’s own pair template', 'text after a passage, for llm_decoder'),
  ...loaderOptions,

  // Learning
  loss_type: option(choice(lossNames()), 'pointwise_bce', 'the loss; it decides how rows become examples'),
  ...learningOptions,
  batch_size: option(wholeNumber(1), 8, 'pairs per batch, or groups', {
    aliases: ['per_device_train_batch_size'],
  }),
  warmup_proportion: warmup(0.1),
  sub_batch_size: later(wholeNumber(1), undefined, 'whole batches', 'pairs per forward'),
  use_lora: later(flag, false, 'all weights', 'train adapters, for llm_decoder'),
  lora_rank: later(wholeNumber(1), 64, 'all weights', 'rank of the adapters'),
  lora_alpha: later(positiveNumber, 16, 'all weights', 'scale of the adapters'),
  lora_dropout: later(share, 0.1, 'all weights', 'dropout of the adapters'),

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
