import { choice, dimensions, flag, text, texts, wholeNumber } from './kind.js';
import { type ConfigOf, type OptionsOf, option, optional } from './option.js';
import { presetOption } from './presets.js';
import {
  inBatchNames,
  queriesPerBatch,
  queryInstructionOption,
  retrievalDataOptions,
  retrievalLearningOptions,
} from './retrieval-options.js';
import { embeddingPresets } from './retrieval-presets.js';
import {
  learningOptions,
  loaderOptions,
  modelOptions,
  runOptions,
  sourceOptions,
  warmup,
} from './shared-options.js';

/**
 * Every setting of `rag train embedding`: the keys of RAG-Retrieval's embedding trainer in its generations, the
 * misspelt ones included, and of FlagEmbedding's embedders, under one name each, with the others as aliases.
 */
export const embeddingOptions = {
  // Start
  preset: presetOption(embeddingPresets),

  // Model
  ...modelOptions,
  pooling: optional(
    choice(['cls', 'mean', 'max', 'lasttoken', 'weightedmean'], {
      last_token: 'lasttoken',
      last: 'lasttoken',
    }),
    'pooling of a checkpoint that says none; without it mean, while a decoder has to say',
    { aliases: ['sentence_pooling_method'] },
  ),
  normalize_embeddings: option(
    flag,
    true,
    'similarities are cosines; false learns inner products, of which the saved model has no Normalize',
    { aliases: ['normlized'] },
  ),
  additional_special_tokens: optional(
    texts,
    'tokens that the instruction is written with, which the tokenizer must have',
  ),
  use_slow_tokenizer: option(flag, false, 'accepted: the tokenizer here has the ids of the fast one', {
    instead: (value) =>
      value === true
        ? { reason: 'there is one tokenizer here', running: 'with the ids of the fast one' }
        : undefined,
  }),

  // Data
  ...sourceOptions,
  train_type: option(choice(['train', 'distill']), 'train', 'learn from rows, or from a teacher’s vectors'),
  train_dataset_vec: optional(text, 'the teacher’s vectors, one per row of train_dataset, for distill', {
    path: 'file',
  }),
  teacher_embedding_dim: optional(
    wholeNumber(1),
    'width of the teacher’s vectors, where their file does not say',
    {
      aliases: ['teacher_emebedding_dim', 'teatch_emebedding_dim'],
    },
  ),
  ...retrievalDataOptions,
  ...loaderOptions,

  // Learning
  loss_type: optional(
    choice(['infonce', 'kl_divergence', 'cosent', 'angle', 'margin_mse', 'distill'], {
      ...inBatchNames,
      pair_kl: 'kl_divergence',
      distillation: 'distill',
    }),
    'the loss; without it infonce, for rows with scores kl_divergence',
  ),
  ...learningOptions,
  batch_size: queriesPerBatch(32),
  warmup_proportion: warmup(0.05),
  ...retrievalLearningOptions,
  instruction: queryInstructionOption('as the prompt "query"'),
  use_mrl: option(flag, false, 'learn vectors that can be cut (Matryoshka)'),
  mrl_dims: option(dimensions, [128, 256, 512, 768, 1024, 1280, 1536, 1792], 'widths that are learned'),

  // The run
  ...runOptions,
};

export type EmbeddingOptionTable = typeof embeddingOptions;

/** The settings of an embedding training run, every default filled in. */
export type EmbeddingConfig = ConfigOf<EmbeddingOptionTable>;

/** The same as code gives them. */
export type EmbeddingOptions = OptionsOf<EmbeddingOptionTable>;
