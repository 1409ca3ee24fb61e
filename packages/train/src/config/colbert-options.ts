import { choice, flag, wholeNumber } from './kind.js';
import { type ConfigOf, type OptionsOf, option, optional } from './option.js';
import { presetOption } from './presets.js';
import {
  inBatchNames,
  queriesPerBatch,
  queryInstructionOption,
  retrievalDataOptions,
  retrievalLearningOptions,
} from './retrieval-options.js';
import { colbertPresets } from './retrieval-presets.js';
import {
  learningOptions,
  loaderOptions,
  modelOptions,
  runOptions,
  sourceOptions,
  warmup,
} from './shared-options.js';

/**
 * Every setting of `rag train colbert`: the keys of RAG-Retrieval's ColBERT trainer and those of FlagEmbedding's M3 that
 * concern late interaction, under one name each, with the others as aliases.
 */
export const colbertOptions = {
  // Start
  preset: presetOption(colbertPresets),

  // Model
  ...modelOptions,
  colbert_dim: optional(
    wholeNumber(1),
    'width of a token’s vector where the model has no projection; without it 768',
  ),
  pooling: optional(choice(['cls']), 'unified_finetuning: the dense vector is that of the first token', {
    aliases: ['sentence_pooling_method'],
  }),
  normalize_embeddings: option(flag, true, 'vectors have length 1; false is refused'),

  // Data
  ...sourceOptions,
  ...retrievalDataOptions,
  ...loaderOptions,

  // Learning
  loss_type: optional(
    choice(['infonce', 'kl_divergence'], inBatchNames),
    'the loss; without it infonce, for rows with scores kl_divergence',
  ),
  ...learningOptions,
  batch_size: queriesPerBatch(4),
  warmup_proportion: warmup(0.05),
  ...retrievalLearningOptions,
  instruction: queryInstructionOption('in colbert_settings.json'),
  fix_encoder: option(
    flag,
    false,
    'train what stands behind the encoder alone: the projection, and what gives terms their weights',
  ),
  unified_finetuning: option(
    flag,
    false,
    'learn dense and sparse vectors too, each kind of scores by itself and all together, as BGE-M3 does',
  ),
  use_self_distill: option(flag, false, 'unified_finetuning: the scores together teach each kind of them'),
  self_distill_start_step: option(
    wholeNumber(-1),
    -1,
    'the last update without use_self_distill, from 0; −1 for none',
  ),

  // The run
  ...runOptions,
};

export type ColbertOptionTable = typeof colbertOptions;

/** The settings of a ColBERT training run, every default filled in. */
export type ColbertConfig = ConfigOf<ColbertOptionTable>;

/** The same as code gives them. */
export type ColbertOptions = OptionsOf<ColbertOptionTable>;
