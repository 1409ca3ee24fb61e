import { choice, flag, wholeNumber } from './kind.js';
import { type ConfigOf, later, type OptionsOf, option, optional } from './option.js';
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
  fix_encoder: option(flag, false, 'train what stands behind the encoder alone: the projection'),
  unified_finetuning: later(flag, false, 'token vectors only', 'sparse and dense vectors too'),
  use_self_distill: later(flag, false, 'labels or scores of the rows', 'the ensemble as a teacher'),
  self_distill_start_step: later(
    wholeNumber(0),
    undefined,
    'no self-distillation',
    'updates before it starts',
  ),

  // The run
  ...runOptions,
};

export type ColbertOptionTable = typeof colbertOptions;

/** The settings of a ColBERT training run, every default filled in. */
export type ColbertConfig = ConfigOf<ColbertOptionTable>;

/** The same as code gives them. */
export type ColbertOptions = OptionsOf<ColbertOptionTable>;
