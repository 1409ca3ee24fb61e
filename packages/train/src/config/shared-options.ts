import {
  checkpointPlace,
  choice,
  choices,
  flag,
  nonNegativeNumber,
  paths,
  positiveNumber,
  share,
  text,
  wholeNumber,
} from './kind.js';
import { type ConfigOf, option, optional } from './option.js';
import { otherPrecision } from './precision.js';
import { trackerNames } from './tracker-names.js';

/** The model that every task starts from. */
export const modelOptions = {
  model_name_or_path: optional(text, 'model to start from: its directory, or its name on the hub', {
    path: 'place',
  }),
  init_from_config: option(
    flag,
    false,
    'start a directory without weights from fresh ones, by its config.json',
  ),
  config_name: optional(text, 'model whose config.json stands in the place of that of model_name_or_path', {
    path: 'place',
  }),
  tokenizer_name: optional(text, 'model whose tokenizer stands in the place of that of model_name_or_path', {
    path: 'place',
  }),
  use_fast_tokenizer: option(
    flag,
    true,
    'the tokenizer here has the ids of the fast one; there is no slow one',
    {
      instead: (value) =>
        value === false
          ? { reason: 'there is one tokenizer here', running: 'with the ids of the fast one' }
          : undefined,
    },
  ),
  cache_dir: optional(text, 'where models of the hub are kept; without it as HF_HUB_CACHE or HF_HOME say', {
    path: 'place',
  }),
  token: optional(text, 'access token of the hub; without it HF_TOKEN or the one logged in with', {
    secret: true,
  }),
  revision: optional(text, 'branch, tag or commit of a model of the hub; without it main', {
    aliases: ['model_revision'],
  }),
  offline: optional(flag, 'only what is kept of the hub; without it as HF_HUB_OFFLINE says'),
  trust_remote_code: option(
    flag,
    false,
    'accepted, since model_type says what to build: no code of a checkpoint is run',
    {
      instead: (value) =>
        value === true
          ? { reason: 'no code of a checkpoint is run', running: 'the architecture of its model_type' }
          : undefined,
    },
  ),
};

/** Where every task's rows come from. */
export const sourceOptions = {
  train_dataset: optional(paths, 'JSONL files to learn from', {
    aliases: ['dataset', 'train_data'],
    path: 'file',
  }),
  shuffle: option(flag, true, 'a new order every epoch; false keeps the files’ order, for a curriculum'),
};

/** Keys of the originals' loaders. */
export const loaderOptions = {
  cache_path: optional(text, 'accepted: rows are read where they lie, by an index in memory', {
    path: 'place',
    instead: (value) =>
      value === undefined
        ? undefined
        : { reason: 'rows are read where they lie', running: 'an index in memory' },
  }),
  max_example_num_per_dataset: option(
    wholeNumber(1),
    100_000_000,
    'rows of a file that are learned from; of more, so many are drawn by the seed',
  ),
  pad_to_multiple_of: optional(
    wholeNumber(1),
    'accepted: sequences are packed, and their totals rounded up to a ladder of sizes',
    {
      instead: (value) =>
        value === undefined
          ? undefined
          : { reason: 'sequences are packed, not padded', running: 'totals of a ladder of sizes' },
    },
  ),
  dataloader_drop_last: option(flag, false, 'leave out the last batch of an epoch where it is short'),
  dataloader_num_workers: option(
    wholeNumber(0),
    0,
    'accepted: the next batch is always read and tokenized while one computes',
    {
      instead: (value) =>
        value === 0
          ? undefined
          : {
              reason: 'the next batch is read and tokenized while one computes',
              running: 'no further processes',
            },
    },
  ),
};

/** Epochs, rates and AdamW; every task adds its warm-up and its batch size. */
export const learningOptions = {
  epochs: option(wholeNumber(1), 2, 'passes over the data', { aliases: ['num_train_epochs'] }),
  lr: option(positiveNumber, 5e-5, 'peak learning rate', { aliases: ['learning_rate'] }),
  gradient_accumulation_steps: option(wholeNumber(1), 1, 'batches per update'),
  lr_scheduler_type: option(
    choice(['cosine', 'linear', 'constant'], {
      warmup_stable_decay: 'cosine',
      constant_with_warmup: 'constant',
    }),
    'cosine',
    'how the rate falls after warm-up and plateau',
  ),
  warmup_steps: optional(wholeNumber(0), 'updates in which the rate rises, in place of warmup_proportion'),
  stable_proportion: option(share, 0, 'share of the updates at the peak rate'),
  weight_decay: option(nonNegativeNumber, 0.01, 'AdamW’s decay; none for biases and norms'),
  max_grad_norm: option(nonNegativeNumber, 1, 'gradients are clipped to this norm; 0 does not clip'),
  adam_beta1: option(share, 0.9, 'AdamW’s first decay'),
  adam_beta2: option(share, 0.999, 'AdamW’s second decay'),
  adam_epsilon: option(positiveNumber, 1e-8, 'AdamW’s epsilon'),
  seed: option(wholeNumber(0), 666, 'seed of order, negatives, dropout and fresh weights'),
  threads: optional(wholeNumber(1), 'threads of ONNX Runtime; without it, as many as it chooses'),
  provider: option(
    choice(['cpu', 'cuda', 'webgpu', 'wasm']),
    'cpu',
    'where the model trains and is evaluated; with cuda and webgpu the state stays on the device (cuda: not run)',
  ),
  device_id: option(wholeNumber(0), 0, 'which device of cuda, from 0', { aliases: ['cuda_device'] }),
  mixed_precision: option(
    choice(['no', 'fp16', 'bf16'], { fp32: 'no' }),
    'no',
    'number format of matrix products; cpu computes in fp32 alone, which the log and run.json say',
    { instead: (value, { provider }) => otherPrecision(value, provider) },
  ),
  fp16: option(flag, false, 'mixed_precision fp16', {
    instead: (value, { provider }) => otherPrecision(value && 'fp16', provider),
  }),
  bf16: option(flag, false, 'mixed_precision bf16', {
    instead: (value, { provider }) => otherPrecision(value && 'bf16', provider),
  }),
  gradient_checkpointing: option(
    flag,
    false,
    'hold the activations of one layer at a time and compute the others again, as layer_split does',
  ),
  use_flash_attn: option(flag, false, 'accepted: attention gives the same numbers either way', {
    instead: (value) =>
      value === true
        ? { reason: 'a kernel of PyTorch’s for the same numbers', running: 'ONNX Runtime’s attention' }
        : undefined,
  }),
  num_processes: optional(
    wholeNumber(1),
    'processes that the run is to be launched as (mpirun -n); another number of them is an error',
  ),
  zero_stage: option(
    wholeNumber(0, 3),
    0,
    'what the processes share out: optimizer state (1), gradients too (2), parameters too (3)',
  ),
  config_file: optional(
    text,
    'file of accelerate config (FSDP, DeepSpeed): precision, num_processes, zero_stage and more, beneath everything else',
    { path: 'place' },
  ),
  deepspeed: optional(
    text,
    'DeepSpeed file: precision, zero_stage, AdamW, schedule, beneath everything else',
    {
      path: 'place',
    },
  ),
};

/** What a run writes, and when. */
export const runOptions = {
  output_dir: option(text, './output', 'where the final model (model/), checkpoints and run.json go', {
    path: 'place',
  }),
  overwrite_output_dir: option(
    flag,
    false,
    'replace an earlier run in output_dir; files of others in its models are refused before training',
  ),
  save_on_epoch_end: option(flag, true, 'a checkpoint after every epoch, evaluated on val_dataset'),
  save_steps: optional(wholeNumber(1), 'updates per checkpoint, beside those of epochs'),
  eval_steps: optional(
    wholeNumber(1),
    'updates per evaluation on val_dataset, beside those of epochs; each is of a checkpoint, which is written for it',
  ),
  num_max_checkpoints: option(wholeNumber(1), 5, 'checkpoints to keep, the latest and the best', {
    aliases: ['save_total_limit'],
  }),
  resume_from_checkpoint: optional(
    checkpointPlace,
    'go on bit for bit from a checkpoint: its directory, or true or latest for the last complete one in output_dir (from the beginning where there is none)',
    { path: 'place', aliases: ['resume'] },
  ),
  metric_for_best_model: optional(
    text,
    'what of val_dataset the best checkpoint is chosen by, which is then kept; without it ndcg@10, where load_best_model_at_end or early stopping ask for one',
  ),
  greater_is_better: optional(flag, 'false where the best checkpoint is that with the least of its metric'),
  load_best_model_at_end: option(flag, false, 'the final model has the weights of the best checkpoint'),
  on_collapse: option(
    choice(['tell', 'stop', 'rollback', 'off']),
    'tell',
    'when the loss jumps or stands at the level of chance, scores are all one, gradients vanish or are no numbers: say so, end the run, or go back to the last sound checkpoint at half the rate, three times at most',
  ),
  early_stopping_patience: optional(
    wholeNumber(1),
    'evaluations in a row without a gain after which the run ends; without it, none',
  ),
  early_stopping_threshold: option(
    nonNegativeNumber,
    0,
    'what a gain must exceed for early_stopping_patience',
  ),
  export_onnx: option(
    flag,
    false,
    'put onnx/model.onnx into the final model, as transformers.js and ONNX Runtime open it',
  ),
  log_interval: option(wholeNumber(1), 10, 'updates per line of the log', { aliases: ['logging_steps'] }),
  log_with: option(
    choices(trackerNames),
    [],
    'who follows the run beside the terminal and run.json, several at once; jsonl and tensorboard write into output_dir/tracking, wandb by its API or, with WANDB_MODE=offline or without WANDB_API_KEY, into output_dir/wandb, mlflow to MLFLOW_TRACKING_URI',
    { aliases: ['report_to'] },
  ),
  run_name: optional(text, 'what trackers call the run; without it the task and an id'),
  project_name: optional(
    text,
    'project of Weights & Biases, experiment of MLflow; without it WANDB_PROJECT, MLFLOW_EXPERIMENT_NAME or rag-<task>',
  ),
};

/** What every task's table holds. */
export const sharedOptions = {
  ...modelOptions,
  ...sourceOptions,
  ...loaderOptions,
  ...learningOptions,
  ...runOptions,
  warmup_proportion: warmup(0.1),
};

/** The share of warm-up, whose default is each original's own. */
export function warmup(byDefault: number) {
  return option(share, byDefault, 'share of the updates in which the rate rises', {
    aliases: ['warmup_ratio'],
  });
}

/** Settings that every task has, every default filled in. */
export type SharedConfig = ConfigOf<typeof sharedOptions>;
