import {
  type ContrastiveExample,
  contrastive,
  type Dataset,
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
import type { TrainingBatch } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { openSources, type RunFiles } from '../run-files.js';
import type { TaskData } from './run-task.js';

/** What rows are learned as: positives against negatives, or lists with a teacher's scores. */
export type RetrievalExamples =
  | { readonly kind: 'contrastive'; readonly dataset: Dataset<ContrastiveExample> }
  | { readonly kind: 'scored'; readonly dataset: Dataset<ScoredExample> };

type Settings = Pick<CompleteConfig, 'trainDataset' | 'seed'> & {
  readonly negNums: number;
  readonly compat: boolean;
};

/** The loss that a file's rows are for, where the settings name none. */
export async function lossOfRows(
  files: RunFiles,
  paths: readonly string[],
): Promise<'infonce' | 'kl_divergence'> {
  const rows = await openRows(await openSources(files, paths), embeddingReader, { cacheBytes: 0 });
  await rows.close();
  return Object.keys(rows.summary.shapes).every((shape) => shape === 'scored') ? 'kl_divergence' : 'infonce';
}

/**
 * Opens the training files as the loss reads them.
 * @throws DataError for rows that it cannot read
 */
export async function openRetrievalExamples(
  files: RunFiles,
  { trainDataset, seed, negNums, compat }: Settings,
  kind: RetrievalExamples['kind'],
): Promise<RetrievalExamples> {
  const sources = await openSources(files, trainDataset);
  return kind === 'scored'
    ? { kind, dataset: await openDataset(sources, scoredLists({ compat })) }
    : { kind, dataset: await openDataset(sources, contrastive({ negatives: negNums, seed, compat })) };
}

/** What a collate function gives. */
interface Collated {
  readonly batch: TrainingBatch;
  readonly realTokens: number;
}

/** Batches of a data set, tokenized by `collate` when their turn comes. */
export function taskData<E>(
  dataset: Dataset<E>,
  { seed, batchSize, shuffle }: Pick<CompleteConfig, 'seed' | 'shuffle'> & { readonly batchSize: number },
  collate: (loaded: LoadedBatch<E>, dropout: DropoutDraw) => Collated | Promise<Collated>,
): TaskData {
  // Length buckets are of shuffled rows: in the files' order there are none. Chunks are cut by length anyway, so that
  // in-batch negatives stay a random draw.
  const sampler = { seed, batchSize, shuffle };
  return {
    batchesPerEpoch: Math.ceil(dataset.length / batchSize),
    summary: dataset.summary,
    fingerprint: dataset.fingerprint,
    async *batches(epoch, dropout) {
      for await (const loaded of loadBatches(dataset, sampler, { epoch, batch: 0 })) {
        const { batch, realTokens } = await collate(loaded, dropout(loaded.place.batch));
        yield { batch, tokens: realTokens };
      }
    },
    close: dataset.close,
  };
}

/** `train.jsonl: 100 rows, …`. */
export const describeData = (
  { trainDataset }: Pick<CompleteConfig, 'trainDataset'>,
  { summary }: Pick<Dataset<unknown>, 'summary'>,
): string => `${trainDataset.join(', ')}: ${formatLabelSummary(summary)}`;
