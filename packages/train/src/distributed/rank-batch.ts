import type { Collective } from '@rag/runtime';
import { partOfRank, type RankOf } from '@rag/runtime';

/** One of several ranks; undefined for one process. */
export const rankOf = (collective: Pick<Collective, 'rank' | 'size'> | undefined): RankOf | undefined =>
  collective && collective.size > 1 ? { rank: collective.rank, ranks: collective.size } : undefined;

/** Examples of a batch with their numbers in the data set. */
interface Examples<E> {
  readonly examples: readonly E[];
  readonly indices: ArrayLike<number>;
}

/** A batch of all ranks as this one computes it: its contiguous part, which may have no examples. */
export function partOfBatch<E, Batch extends Examples<E>>(
  batch: Batch & Examples<E>,
  rank: RankOf | undefined,
) {
  if (rank === undefined) return batch;
  const [from, to] = partOfRank(batch.examples.length, rank);
  return {
    ...batch,
    examples: batch.examples.slice(from, to),
    indices: Uint32Array.from(batch.indices).slice(from, to),
  };
}

/** The settings of a batch of all ranks, each of which has `batch_size` rows. */
export const ofAllRanks = <Settings extends { readonly batchSize: number }>(
  settings: Settings,
  rank: RankOf | undefined,
): Settings => ({ ...settings, batchSize: settings.batchSize * (rank?.ranks ?? 1) });
