import { adapterOptions } from './adapter-options.js';
import { anyText, flag, paths, positiveNumber, wholeNumber } from './kind.js';
import { later, option, optional } from './option.js';

/** Rows and texts of tasks that encode queries and passages apart. */
export const retrievalDataOptions = {
  val_dataset: optional(paths, 'JSONL files to search before, during and after training', {
    aliases: ['eval_dataset'],
    path: 'file',
  }),
  neg_nums: option(wholeNumber(0), 15, 'negatives per positive, drawn anew every epoch'),
  query_max_len: option(
    wholeNumber(3),
    128,
    'tokens of a query, special ones included; a ColBERT model keeps its own unless this is said',
  ),
  passage_max_len: option(
    wholeNumber(3),
    512,
    'tokens of a passage, special ones included; a ColBERT model keeps its own unless this is said',
  ),
  train_group_size: later(wholeNumber(2), undefined, 'neg_nums negatives', 'passages per row'),
  knowledge_distillation: later(flag, false, 'rows with scores as they are', 'pos_scores and neg_scores'),
  same_dataset_within_batch: later(flag, false, 'batches over all files', 'one file per batch'),
  small_threshold: later(wholeNumber(0), 0, 'all files', 'merge files with fewer rows'),
  drop_threshold: later(wholeNumber(0), 0, 'all files', 'leave out merged files with fewer rows'),
};

/** In-batch learning. */
export const retrievalLearningOptions = {
  temperature: optional(
    positiveNumber,
    'divides the scores; without it 0.02, for cosent and angle 0.05, for margin_mse and for ColBERT models whose scores are sums 1',
  ),
  others_positives: option(
    flag,
    false,
    'positives of the other queries are negatives too, beside their negatives',
    {
      aliases: ['others_pos'],
    },
  ),
  grad_cache: option(
    flag,
    true,
    'encode a batch in chunks: its memory is that of a chunk, its gradient the same',
  ),
  chunk_tokens: option(wholeNumber(1), 16_384, 'tokens of a chunk: texts × the longest of them'),
  sub_batch_size: later(wholeNumber(1), undefined, 'chunks of chunk_tokens', 'texts per chunk'),
  all_gather: later(flag, false, 'one process', 'negatives of all processes', {
    aliases: ['negatives_cross_device'],
  }),
  compat: option(flag, false, 'the original’s numbers, where ours are repaired'),
  eval_batch_size: option(wholeNumber(1), 64, 'texts per batch in evaluation', {
    aliases: ['per_device_eval_batch_size'],
  }),
  ...adapterOptions,
  instruction: later(anyText, undefined, 'prompt_for_query of the rows', 'text before each query', {
    aliases: ['query_instruction_for_retrieval'],
  }),
};

/** Texts per batch; the originals name none. */
export const queriesPerBatch = (byDefault: number) =>
  option(wholeNumber(1), byDefault, 'rows per batch: queries with their passages', {
    aliases: ['per_device_train_batch_size'],
  });

/** What others call the loss of a positive against the passages of the batch. */
export const inBatchNames = {
  in_batch_softmax: 'infonce',
  pair_inbatch_softmax: 'infonce',
  triplet_inbatch_softmax: 'infonce',
  multiple_negatives_ranking: 'infonce',
} as const;
