import {
  DataError,
  type Dataset,
  type ExampleMaker,
  type GroupExample,
  hitGroups,
  loadBatches,
  openDataset,
  type PointwiseExample,
  pointwise,
  positiveGroups,
  type RerankerRecord,
} from '@rag/data';
import type { NamedGroupLoss, NamedLoss } from '@rag/losses';
import {
  type CollatedBatch,
  type CollateOptions,
  collateGroups,
  collatePointwise,
  type Examples,
} from '@rag/reranker/training';
import type { Collective } from '@rag/runtime';
import { ConfigError } from '../config/config-error.js';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import { ofAllRanks, partOfBatch, rankOf } from '../distributed/rank-batch.js';
import { openSources, type RunFiles } from '../run-files.js';
import type { TaskBatch } from '../trainer.js';
import { epochSampler } from './epoch-sampler.js';

/** Training examples of one kind or the other, batch by batch. */
export interface RerankerData {
  readonly batchesPerEpoch: number;
  readonly summary: Dataset<unknown>['summary'];
  readonly fingerprint: string;
  /** Tokenized batches of an epoch from batch `from` on, by default all; `options` may differ from batch to batch. */
  batches(epoch: number, options: (batch: number) => CollateOptions, from?: number): AsyncIterable<TaskBatch>;
  close(): Promise<void>;
}

/** Whether the loss is given a teacher's scores. */
export function usesTeacher(loss: NamedLoss, config: Pick<CompleteRerankerConfig, 'knowledgeDistillation'>) {
  if (loss.kind === 'pointwise') return false;
  return loss.teacher === 'required' || (loss.teacher === 'optional' && config.knowledgeDistillation);
}

/**
 * Opens the training files as the loss reads them: single pairs for pointwise losses, groups for the others.
 * @throws DataError for rows that the loss cannot read, ConfigError where `train_dataset_type` says otherwise
 */
export async function openRerankerData(
  files: RunFiles,
  config: CompleteRerankerConfig,
  loss: NamedLoss,
  collective?: Collective,
): Promise<RerankerData> {
  const { seed, shuffleRate, minLabel, maxLabel, trainLabelKey, trainDataset } = config;
  const options = {
    ...(trainLabelKey !== undefined && { labelKey: trainLabelKey }),
    mostRows: { count: config.maxExampleNumPerDataset, seed },
  };
  if (loss.kind === 'group') {
    if (config.knowledgeDistillation && loss.teacher === 'none')
      throw new ConfigError(
        'knowledge_distillation',
        'knowledge_distillation',
        `expected a loss that reads a teacher's scores, got ${loss.names[0]} — use group_softmax, kl_divergence or margin_mse`,
      );
    const sources = await openSources(files, trainDataset);
    const dataset = await openDataset(sources, groupMaker(config, loss), options);
    return prepared(dataset, config, { collate: collateGroups, pairs: config.trainGroupSize, collective });
  }
  const sources = await openSources(files, trainDataset);
  const dataset = await openDataset(sources, pointwise({ seed, shuffleRate }), {
    ...options,
    labelRange: { min: minLabel, max: maxLabel },
  });
  return prepared(dataset, config, { collate: collatePointwise, pairs: 1, collective });
}

/**
 * Rows of positives and negatives become FlagEmbedding's groups, rows of graded hits become groups of hits. Where rows
 * of positives and negatives carry scores and the loss ranks by grades, they are hits with these scores.
 */
export function groupMaker(
  config: Pick<CompleteRerankerConfig, 'seed' | 'shuffleRate' | 'trainGroupSize' | 'knowledgeDistillation'>,
  loss: NamedGroupLoss,
): ExampleMaker<GroupExample> {
  const { seed, shuffleRate, trainGroupSize: size } = config;
  const teacher = usesTeacher(loss, config);
  const lists = positiveGroups({ size, seed, shuffleRate, teacher });
  const hits = hitGroups({ size, seed, shuffleRate });
  const graded = loss.names[0] !== 'group_softmax';
  const makerOf = (record: RerankerRecord): ExampleMaker<GroupExample> => {
    if (record.shape === 'lists') {
      const scored = record.pos_scores || record.neg_scores;
      return graded && scored && !teacher ? hits : lists;
    }
    if (record.shape === 'hits' && !teacher) return hits;
    throw new DataError('unfit-shape', {
      at: record.at,
      expected: `"pos" and "neg"${teacher ? ' with "pos_scores" and "neg_scores"' : ', or "hits"'} for the loss ${loss.names[0]}`,
      got: `a "${record.shape}" row`,
      remedy: teacher ? 'choose another loss' : 'choose a pointwise loss such as pointwise_bce',
    });
  };
  return {
    leavesOut: hits.leavesOut ?? [],
    lengths: (record, row) => makerOf(record).lengths(record, row),
    make: (record, row, item, epoch) => makerOf(record).make(record, row, item, epoch),
  };
}

/** Throws where the rows are not what `train_dataset_type` or `val_dataset_type` promises. */
export function checkRowShapes(
  key: 'train_dataset_type' | 'val_dataset_type',
  promised: 'pointwise' | 'grouped' | undefined,
  shapes: Readonly<Record<string, number>>,
): void {
  if (promised === undefined) return;
  const fits = promised === 'pointwise' ? ['labelled', 'scored', 'lists'] : ['hits', 'lists'];
  const odd = Object.keys(shapes).find((shape) => !fits.includes(shape));
  if (odd === undefined) return;
  const wanted = promised === 'pointwise' ? '{query, content, label}' : '{query, hits} or {query, pos, neg}';
  throw new ConfigError(
    key,
    key,
    `expected ${promised} rows, ${wanted}, got ${shapes[odd]} ${odd} rows — change ${key} or the file`,
  );
}

/** How examples become tensors. */
interface Collating<E> {
  readonly collate: (examples: Examples<E>, options: CollateOptions) => CollatedBatch;
  /** Of an example, at most. */
  readonly pairs: number;
  readonly collective: Collective | undefined;
}

async function prepared<E extends PointwiseExample | GroupExample>(
  dataset: Dataset<E>,
  config: CompleteRerankerConfig,
  { collate, pairs, collective }: Collating<E>,
): Promise<RerankerData> {
  try {
    checkRowShapes('train_dataset_type', config.trainDatasetType, dataset.summary.shapes);
    // Length buckets are of shuffled rows: in the files' order there are none.
    const rank = rankOf(collective);
    const more = config.shuffle ? { lengths: dataset.lengths } : {};
    const { sampler, batchesPerEpoch } = epochSampler(ofAllRanks(config, rank), dataset, more);
    const { subBatchSize = Number.POSITIVE_INFINITY } = config;
    const most = Math.max(1, Math.floor(subBatchSize / pairs));
    return {
      batchesPerEpoch,
      summary: dataset.summary,
      fingerprint: dataset.fingerprint,
      async *batches(epoch, options, from = 0) {
        for await (const loaded of loadBatches(dataset, sampler, { epoch, batch: from })) {
          const own = partsOf(partOfBatch(loaded, rank), most);
          const parts = own.map((part) => collate(part, options(loaded.place.batch)));
          const tokens = parts.reduce((sum, { realTokens }) => sum + realTokens, 0);
          // The largest share of a rank; every rank computes as many parts.
          const share = Math.ceil(loaded.examples.length / (rank?.ranks ?? 1));
          const [batch, ...more] = Array.from(
            { length: Math.max(1, Math.ceil(share / most)) },
            (_, i) => parts[i]?.batch,
          );
          yield { batch, tokens, ...(more.length > 0 && { more }) };
        }
      },
      close: dataset.close,
    };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

/** A batch in parts of at most so many examples, in their order. */
export function partsOf<E>({ examples, indices, repeated = 0 }: Examples<E>, most: number): Examples<E>[] {
  if (examples.length === 0) return [];
  if (examples.length <= most) return [{ examples, indices, repeated }];
  const own = examples.length - repeated;
  return Array.from({ length: Math.ceil(examples.length / most) }, (_, part) => {
    const [from, to] = [part * most, Math.min((part + 1) * most, examples.length)];
    return {
      examples: examples.slice(from, to),
      indices: Array.from(indices).slice(from, to),
      repeated: Math.max(0, to - Math.max(from, own)),
    };
  });
}
