import { ConfigError } from './config-error.js';
import { type ConfigOf, camelCase, type OptionTable } from './option.js';
import { retrievalDataOptions, retrievalLearningOptions } from './retrieval-options.js';

const options = { ...retrievalDataOptions, ...retrievalLearningOptions };

/** The settings of rows and learning of tasks that encode queries and passages apart, every default filled in. */
export type RetrievalSettings = ConfigOf<typeof options> & {
  readonly lossType?: string | undefined;
  readonly trainType?: string;
};

/** Settings of the losses of a batch alone. */
const IN_BATCH = ['train_group_size', 'knowledge_distillation'] as const;

/**
 * Checks together how rows become examples and batches, and what is learned of them.
 * @param sources where each given key was given
 * @throws ConfigError
 */
export function checkRetrieval(config: RetrievalSettings, sources: ReadonlyMap<string, string>): void {
  const fail = (key: string, problem: string): never => {
    throw new ConfigError(sources.get(key) ?? key, key, problem);
  };
  const isAsked = (key: keyof typeof options): boolean => differs(options, config, sources, key);
  const { trainGroupSize, negNums, lossType, trainType } = config;
  if (trainGroupSize !== undefined && isAsked('neg_nums') && negNums !== trainGroupSize - 1)
    fail(
      'train_group_size',
      `expected neg_nums left out beside train_group_size, or 1 less, got ${negNums} and ${trainGroupSize} — keep one`,
    );
  const taught = IN_BATCH.find(isAsked);
  if (taught !== undefined && trainType === 'distill')
    fail(
      taught,
      `expected rows with passages for ${taught}, got texts alone (train_type distill) — leave it out`,
    );
  if (taught !== undefined && lossType !== undefined && lossType !== 'infonce')
    fail(taught, `expected the loss infonce with ${taught}, got ${lossType} — leave out one of the two`);
  for (const key of ['small_threshold', 'drop_threshold'] as const)
    if (isAsked(key) && !config.sameDatasetWithinBatch)
      fail(
        key,
        `expected same_dataset_within_batch true beside ${key}, got false — set it, or leave this out`,
      );
  if (config.subBatchSize !== undefined && !config.gradCache)
    fail(
      'sub_batch_size',
      'expected grad_cache true beside sub_batch_size, got false — leave out one of the two',
    );
  const frozen = ['use_lora', 'trainable'].find(
    (key) => sources.has(key) && config[camelCase(key) as 'useLora'],
  );
  if (config.fixPositionEmbedding && frozen !== undefined)
    fail(
      'fix_position_embedding',
      `expected fix_position_embedding left out beside ${frozen}, which says what is trained, got both — leave out one of the two`,
    );
}

/** Negatives of an example. */
export const negativesOf = ({
  negNums,
  trainGroupSize,
}: Pick<RetrievalSettings, 'negNums' | 'trainGroupSize'>): number =>
  trainGroupSize === undefined ? negNums : trainGroupSize - 1;

/** Passages that an in-batch loss compares a query with: those of all rows of its batch but, unless asked for, their positives. */
export function candidatesOf(
  {
    batchSize,
    othersPositives,
    ...settings
  }: Pick<RetrievalSettings, 'negNums' | 'trainGroupSize'> & {
    readonly batchSize: number;
    readonly othersPositives: boolean;
  },
  hasNegatives: boolean,
): number {
  const ofRow = hasNegatives ? negativesOf(settings) : 0;
  return ofRow === 0 ? batchSize : 1 + batchSize * ofRow + (othersPositives ? batchSize - 1 : 0);
}

/** Whether a key was given another value than its default; what a run stored states every default too. */
export const differs = <Table extends OptionTable>(
  table: Table,
  config: object,
  sources: ReadonlyMap<string, string>,
  key: keyof Table & string,
): boolean =>
  sources.has(key) &&
  JSON.stringify((config as Readonly<Record<string, unknown>>)[camelCase(key)]) !==
    JSON.stringify(table[key]!.default);
