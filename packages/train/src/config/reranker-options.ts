import { namedLosses } from '@rag/losses';
import {
  anyNumber,
  anyText,
  choice,
  flag,
  nonNegativeNumber,
  paths,
  positiveNumber,
  share,
  text,
  wholeNumber,
} from './kind.js';
import { type ConfigOf, later, type OptionsOf, option, optional } from './option.js';

const lossNames = namedLosses.flatMap(({ names }) => names);

/**
 * Every setting of `rag train reranker`: the keys of RAG-Retrieval's reranker trainer in its three generations and of
 * FlagEmbedding's, under one name each, with the others as aliases.
 */
export const rerankerOptions = {
  // Model
  model_name_or_path: optional(text, 'directory of the model to start from'),
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
  init_from_config: option(
    flag,
    false,
    'start a directory without weights from fresh ones, by its config.json',
  ),
  num_labels: later(wholeNumber(1), 1, '1', 'logits per pair'),
  config_name: later(text, undefined, 'the config of model_name_or_path', 'another config'),
  tokenizer_name: later(text, undefined, 'the tokenizer of model_name_or_path', 'another tokenizer'),
  use_fast_tokenizer: later(flag, true, 'true', 'the tokenizers library rather than Python'),
  cache_dir: later(text, undefined, 'local directories only', 'hub cache'),
  token: later(text, undefined, 'local directories only', 'hub token', { secret: true }),
  trust_remote_code: later(flag, false, 'false', 'run Python code of the checkpoint'),

  // Data
  train_dataset: optional(paths, 'JSONL files to learn from', { aliases: ['dataset', 'train_data'] }),
  train_dataset_type: optional(
    choice(['pointwise', 'grouped']),
    'what the rows must be; without it any shape that the loss can read',
  ),
  train_group_size: option(wholeNumber(2), 8, 'passages per group, for losses over groups'),
  train_label_key: optional(text, 'key of a row’s or hit’s label; without it label, or else score'),
  val_dataset: optional(paths, 'JSONL files to rank before, during and after training', {
    aliases: ['eval_dataset'],
  }),
  val_dataset_type: optional(choice(['pointwise', 'grouped']), 'as train_dataset_type, for val_dataset'),
  val_label_key: optional(text, 'as train_label_key, for val_dataset'),
  min_label: option(anyNumber, 0, 'label that stands for 0, for pointwise losses'),
  max_label: option(anyNumber, 1, 'label that stands for 1, for pointwise losses'),
  shuffle: option(flag, true, 'a new order every epoch; false keeps the files’ order, for a curriculum'),
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
  cache_path: later(text, undefined, 'an index in memory', 'data set cache'),
  max_example_num_per_dataset: later(wholeNumber(1), 100_000_000, 'all rows', 'most rows per file'),
  pad_to_multiple_of: later(wholeNumber(1), undefined, 'packed tokens on a ladder of sizes', 'padding step'),
  dataloader_drop_last: later(flag, false, 'false', 'leave out a last short batch'),
  dataloader_num_workers: later(wholeNumber(0), 0, '0', 'loader processes'),

  // Learning
  loss_type: option(choice(lossNames), 'pointwise_bce', 'the loss; it decides how rows become examples'),
  epochs: option(wholeNumber(1), 2, 'passes over the data', { aliases: ['num_train_epochs'] }),
  lr: option(positiveNumber, 5e-5, 'peak learning rate', { aliases: ['learning_rate'] }),
  batch_size: option(wholeNumber(1), 8, 'pairs per batch, or groups', {
    aliases: ['per_device_train_batch_size'],
  }),
  gradient_accumulation_steps: option(wholeNumber(1), 1, 'batches per update'),
  lr_scheduler_type: option(
    choice(['cosine', 'linear', 'constant'], {
      warmup_stable_decay: 'cosine',
      constant_with_warmup: 'constant',
    }),
    'cosine',
    'how the rate falls after warm-up and plateau',
  ),
  warmup_proportion: option(share, 0.1, 'share of the updates in which the rate rises', {
    aliases: ['warmup_ratio'],
  }),
  warmup_steps: optional(wholeNumber(0), 'updates in which the rate rises, in place of warmup_proportion'),
  stable_proportion: option(share, 0, 'share of the updates at the peak rate'),
  weight_decay: option(nonNegativeNumber, 0.01, 'AdamW’s decay; none for biases and norms'),
  max_grad_norm: option(nonNegativeNumber, 1, 'gradients are clipped to this norm; 0 does not clip'),
  adam_beta1: option(share, 0.9, 'AdamW’s first decay'),
  adam_beta2: option(share, 0.999, 'AdamW’s second decay'),
  adam_epsilon: option(positiveNumber, 1e-8, 'AdamW’s epsilon'),
  seed: option(wholeNumber(0), 666, 'seed of order, negatives, dropout and fresh weights'),
  threads: optional(wholeNumber(1), 'threads of ONNX Runtime; without it, as many as it chooses'),
  mixed_precision: later(choice(['no', 'fp16', 'bf16'], { fp32: 'no' }), 'no', 'fp32', 'number format'),
  fp16: later(flag, false, 'fp32', 'mixed_precision fp16'),
  bf16: later(flag, false, 'fp32', 'mixed_precision bf16'),
  gradient_checkpointing: later(flag, false, 'false', 'recompute activations to save memory'),
  sub_batch_size: later(wholeNumber(1), undefined, 'whole batches', 'pairs per forward'),
  deepspeed: later(text, undefined, 'one process', 'DeepSpeed configuration'),
  use_flash_attn: later(flag, false, 'false', 'flash attention'),
  use_lora: later(flag, false, 'all weights', 'train adapters, for llm_decoder'),
  lora_rank: later(wholeNumber(1), 64, 'all weights', 'rank of the adapters'),
  lora_alpha: later(positiveNumber, 16, 'all weights', 'scale of the adapters'),
  lora_dropout: later(share, 0.1, 'all weights', 'dropout of the adapters'),

  // The run
  output_dir: option(text, './output', 'where the final model (model/), checkpoints and run.json go'),
  overwrite_output_dir: option(flag, false, 'replace an earlier run in output_dir'),
  save_on_epoch_end: option(flag, true, 'a checkpoint after every epoch'),
  num_max_checkpoints: option(wholeNumber(1), 5, 'checkpoints to keep, the latest', {
    aliases: ['save_total_limit'],
  }),
  save_steps: later(wholeNumber(1), undefined, 'checkpoints at the end of epochs', 'updates per checkpoint'),
  eval_steps: later(wholeNumber(1), undefined, 'evaluation at the end of epochs', 'updates per evaluation'),
  eval_batch_size: option(wholeNumber(1), 64, 'pairs per batch in evaluation', {
    aliases: ['per_device_eval_batch_size'],
  }),
  log_interval: option(wholeNumber(1), 10, 'updates per line of the log', { aliases: ['logging_steps'] }),
  log_with: later(
    choice(['none', 'wandb', 'tensorboard']),
    'none',
    'the terminal and run.json',
    'experiment tracker',
    { aliases: ['report_to'] },
  ),
  resume_from_checkpoint: later(anyText, undefined, 'from the beginning', 'checkpoint to go on from'),
};

export type RerankerOptionTable = typeof rerankerOptions;

/** The settings of a reranker training run, every default filled in. */
export type RerankerConfig = ConfigOf<RerankerOptionTable>;

/** The same as code gives them. */
export type RerankerOptions = OptionsOf<RerankerOptionTable>;
