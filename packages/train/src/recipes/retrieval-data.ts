import {
  type ContrastiveExample,
  contrastive,
  type Dataset,
  type EmbeddingMaker,
  type EmbeddingRecord,
  embeddingReader,
  formatLabelSummary,
  type LoadedBatch,
  loadBatches,
  openDataset,
  openRows,
  type ScoredExample,
  scoredLists,
} from '@rag/data';
import type { DropoutDraw } from '@rag/models';
import type { Collective, RankOf, TrainingBatch } from '@rag/runtime';
import { negativesOf } from '../config/check-retrieval.js';
import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';
import { ofAllRanks, partOfBatch, rankOf } from '../distributed/rank-batch.js';
import { openSources, type RunFiles } from '../run-files.js';
import { epochSampler } from './epoch-sampler.js';
import { type FileGroups, fileGroups, notingFiles } from './file-groups.js';
import type { TaskData } from './prepared-task.js';
import { instructedRow } from './retrieval-rows.js';

/** The loss of the settings; where they name none, the one that the files' rows are for. */
export const lossOf = async <Loss extends string>(
  files: RunFiles,
  {
    lossType,
    trainGroupSize,
    knowledgeDistillation,
    unifiedFinetuning = false,
    trainDataset,
  }: Rows &
    Pick<ContrastiveSettings, 'trainGroupSize' | 'knowledgeDistillation'> & {
      readonly lossType: Loss | undefined;
      readonly unifiedFinetuning?: boolean;
    },
): Promise<Loss | 'infonce' | 'kl_divergence'> =>
  lossType ??
  (trainGroupSize !== undefined || knowledgeDistillation || unifiedFinetuning
    ? 'infonce'
    : lossOfRows(files, trainDataset));

/** The loss that a file's rows are for. */
export async function lossOfRows(
  files: RunFiles,
  paths: readonly string[],
): Promise<'infonce' | 'kl_divergence'> {
  const rows = await openRows(await openSources(files, paths), embeddingReader, { cacheBytes: 0 });
  await rows.close();
  return Object.keys(rows.summary.shapes).every((shape) => shape === 'scored') ? 'kl_divergence' : 'infonce';
}

type Rows = Pick<CompleteConfig, 'trainDataset'>;

interface BatchSettings extends Rows, Pick<CompleteConfig, 'seed' | 'maxExampleNumPerDataset'> {
  readonly sameDatasetWithinBatch: boolean;
  readonly smallThreshold: number;
  readonly dropThreshold: number;
}

interface ContrastiveSettings extends BatchSettings {
  readonly batchSize: number;
  readonly negNums: number;
  /** FlagEmbedding's examples: one per row, of so many passages. */
  readonly trainGroupSize: number | undefined;
  readonly knowledgeDistillation: boolean;
  readonly compat: boolean;
}

/** Examples, and by which of them batches are made of rows of one file, where they are. */
export interface RetrievalDataset<E> extends Dataset<E> {
  readonly grouping?: FileGroups;
}

/**
 * Opens the training files with a maker, each a group where batches hold rows of one.
 * @throws DataError for rows that it cannot read, ConfigError where thresholds leave none
 */
export async function openExamples<E>(
  files: RunFiles,
  { trainDataset, sameDatasetWithinBatch, seed, maxExampleNumPerDataset, ...thresholds }: BatchSettings,
  maker: EmbeddingMaker<E>,
): Promise<RetrievalDataset<E>> {
  const sources = await openSources(files, trainDataset);
  const rows = { mostRows: { count: maxExampleNumPerDataset, seed } };
  if (!sameDatasetWithinBatch) return openDataset(sources, maker, rows);
  const noting = notingFiles(maker);
  const dataset = await openDataset(sources, noting.maker, rows);
  if (dataset.length === 0) return dataset;
  try {
    return { ...dataset, grouping: fileGroups(noting.noted, thresholds) };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

/**
 * Opens the training files as positives against negatives.
 * @param instruction before queries whose row has no prompt
 * @throws DataError for rows that are none, ConfigError where no query would meet a passage but its own
 */
export async function openContrastive(
  files: RunFiles,
  { negNums, trainGroupSize, knowledgeDistillation, compat, batchSize, ...settings }: ContrastiveSettings,
  instruction?: string,
): Promise<RetrievalDataset<ContrastiveExample>> {
  const { seed } = settings;
  const negatives = negativesOf({ negNums, trainGroupSize });
  const how = { drawPositive: trainGroupSize !== undefined, scored: knowledgeDistillation };
  const maker = instructed(contrastive({ negatives, seed, compat, ...how }), instruction);
  const dataset = await openExamples(files, settings, maker);
  if (batchSize > 1 || (negatives > 0 && dataset.summary.negatives > 0)) return dataset;
  await dataset.close();
  throw new ConfigError(
    'batch_size',
    'batch_size',
    'expected at least 2 for rows without negatives, whose negatives are the other passages of the batch, got 1 — raise it, or give rows "neg"',
  );
}

/** Scored rows as a loss reads them, and what was left out of them. */
export interface ScoredRows {
  readonly dataset: RetrievalDataset<ScoredExample>;
  /** A line for each thing that the reader of a run should know. */
  readonly notes: readonly string[];
}

/**
 * Opens the training files as lists with a teacher's scores.
 * @param unit what an example is: a row's `list`; a `comparable list`, of two passages or more, for losses that compare
 * the passages of one query; or a `passage` with its query, as the originals flatten their rows
 * @param instruction before queries whose row has no prompt
 * @throws DataError for rows that it cannot read, ConfigError where no list can be compared
 */
export async function openScored(
  files: RunFiles,
  settings: BatchSettings,
  unit: 'list' | 'comparable list' | 'passage',
  instruction?: string,
): Promise<ScoredRows> {
  const lists = instructed(scoredLists({ compat: unit === 'passage' }), instruction);
  let alone = 0;
  const maker: EmbeddingMaker<ScoredExample> = {
    ...lists,
    lengths: (record, row) => {
      const lengths = lists.lengths(record, row);
      if (unit !== 'comparable list' || passagesOf(record) > 1) return lengths;
      alone++;
      return [];
    },
  };
  const dataset = await openExamples(files, settings, maker);
  if (dataset.length === 0) {
    await dataset.close();
    throw new ConfigError(
      settings.trainDataset.join(', '),
      'train_dataset',
      `expected rows with two scored passages or more, whose scores are compared, got ${alone} rows of one — put the passages of a query in one row`,
    );
  }
  const note = `left out ${alone} rows of one passage: there is nothing to compare its score with`;
  return { dataset, notes: alone > 0 ? [note] : [] };
}

/** Examples whose queries have the instruction where their row has no prompt of its own. */
const instructed = <E>(maker: EmbeddingMaker<E>, instruction: string | undefined): EmbeddingMaker<E> =>
  instruction === undefined
    ? maker
    : {
        ...maker,
        lengths: (record, row) => maker.lengths(instructedRow(record, instruction), row),
        make: (record, ...place) => maker.make(instructedRow(record, instruction), ...place),
      };

const passagesOf = (record: EmbeddingRecord): number => {
  if (record.shape === 'text') return 0;
  return record.pos.length + (record.shape === 'triplet' ? record.neg.length : 0);
};

/** What a collate function gives. */
interface Collated {
  readonly batch: TrainingBatch;
  readonly realTokens: number;
}

/** The limits of a chunk of GradCache, where a batch comes in chunks. */
export const chunksOf = ({
  gradCache,
  chunkTokens,
  subBatchSize,
}: {
  readonly gradCache: boolean;
  readonly chunkTokens: number;
  readonly subBatchSize: number | undefined;
}): { readonly chunkTokens?: number; readonly chunkTexts?: number } =>
  gradCache ? { chunkTokens, ...(subBatchSize !== undefined && { chunkTexts: subBatchSize }) } : {};

/** Whether a model is cut at its vectors: its batches come in chunks, or the vectors of all processes meet. */
export const cutsAtVectors = (
  { gradCache, allGather }: { readonly gradCache: boolean; readonly allGather: boolean },
  collective: Collective | undefined,
): boolean => gradCache || (allGather && rankOf(collective) !== undefined);

/** How a batch is collated. */
export interface BatchContext {
  readonly dropout: DropoutDraw;
  /** Whether its queries meet their own passages alone. */
  readonly ownAlone: boolean;
  /** Given where the examples are those of all processes, whose vectors meet. */
  readonly gather?: RankOf;
}

/** Batches of a data set, tokenized by `collate` when their turn comes. */
export function taskData<E>(
  dataset: RetrievalDataset<E>,
  config: Pick<CompleteConfig, 'seed' | 'shuffle' | 'dataloaderDropLast'> & {
    readonly batchSize: number;
    readonly allGather?: boolean;
  },
  collate: (loaded: LoadedBatch<E>, context: BatchContext) => Collated | Promise<Collated>,
  collective?: Collective,
): TaskData {
  const { grouping } = dataset;
  // No length buckets: in-batch negatives stay a random draw, and chunks are cut by length anyway.
  const rank = rankOf(collective);
  const groups = grouping && { groups: grouping.groups };
  const { sampler, batchesPerEpoch } = epochSampler(ofAllRanks(config, rank), dataset, groups);
  const gather = config.allGather ? rank : undefined;
  return {
    batchesPerEpoch,
    summary: dataset.summary,
    fingerprint: dataset.fingerprint,
    async *batches(epoch, dropout, from = 0) {
      for await (const loaded of loadBatches(dataset, sampler, { epoch, batch: from })) {
        const group = grouping?.groups[loaded.indices[0]!];
        const own = gather ? loaded : partOfBatch(loaded, rank);
        if (own.examples.length === 0) {
          yield { batch: undefined, tokens: 0 };
          continue;
        }
        const { batch, realTokens } = await collate(own, {
          dropout: dropout(loaded.place.batch),
          ownAlone: group !== undefined && grouping!.ownAlone(group),
          ...(gather && { gather }),
        });
        yield { batch, tokens: realTokens };
      }
    },
    close: dataset.close,
  };
}

/** `train.jsonl: 100 rows, …`, and what batches are made of where that is files. */
export const describeData = (
  { trainDataset }: Rows,
  { summary, grouping }: Pick<RetrievalDataset<unknown>, 'summary' | 'grouping'>,
): string =>
  [`${trainDataset.join(', ')}: ${formatLabelSummary(summary)}`, ...(grouping?.notes ?? [])].join('\n');
