import { adapterOptions } from './adapter-options.js';
import { anyText, choice, flag, paths, positiveNumber, text, wholeNumber } from './kind.js';
import { option, optional } from './option.js';

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
  train_group_size: optional(
    wholeNumber(2),
    'passages per row: a positive, drawn anew every epoch, and one less negatives; without it an example per positive with neg_nums of them',
  ),
  knowledge_distillation: option(
    flag,
    false,
    'learn from pos_scores and neg_scores too, by kd_loss_type; rows without them are refused',
  ),
  same_dataset_within_batch: option(flag, false, 'rows of one file in each batch'),
  small_threshold: option(
    wholeNumber(0),
    0,
    'same_dataset_within_batch: files with fewer rows are taken together with the others of their folder',
  ),
  drop_threshold: option(
    wholeNumber(0),
    0,
    'same_dataset_within_batch: files taken together are left out if they have fewer rows than this',
  ),
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
  sub_batch_size: optional(wholeNumber(1), 'texts of a chunk at most; without it chunk_tokens alone'),
  kd_loss_type: option(
    choice(['kl_div', 'm3_kd_loss']),
    'kl_div',
    'what knowledge_distillation learns: the teacher’s shares of the row beside the positive, or each passage’s share in its turn in place of it',
    {
      // Scripts of FlagEmbedding state it beside knowledge_distillation False.
      instead: (value, { knowledgeDistillation }) =>
        value !== 'kl_div' && knowledgeDistillation === false
          ? { reason: 'knowledge_distillation is false', running: 'without a teacher' }
          : undefined,
    },
  ),
  fix_position_embedding: option(flag, false, 'leave the position embeddings as they are'),
  all_gather: option(
    flag,
    false,
    'of several processes: the texts of all are in one batch, negatives and their gradients included',
    { aliases: ['negatives_cross_device'] },
  ),
  compat: option(flag, false, 'the original’s numbers, where ours are repaired'),
  eval_batch_size: option(wholeNumber(1), 64, 'texts per batch in evaluation', {
    aliases: ['per_device_eval_batch_size'],
  }),
  ...adapterOptions,
  query_instruction_format: optional(
    text,
    'how instruction and query are joined, such as Instruct: {}\\nQuery: {}; without it {}{}',
    { aliases: ['query_instruction_format_for_retrieval'] },
  ),
};

/** Text before queries; `where` says where a trained model keeps it. */
export const queryInstructionOption = (where: string) =>
  optional(
    anyText,
    `text before each query whose row has no prompt_for_query, in training and evaluation; saved ${where}`,
    { aliases: ['query_instruction_for_retrieval'] },
  );

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
