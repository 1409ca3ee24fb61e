import { type Dataset, epochBatches, type SamplerOptions } from '@rag/data';
import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';

type Settings = Pick<CompleteConfig, 'seed' | 'shuffle' | 'dataloaderDropLast'> & {
  readonly batchSize: number;
};

/** How an epoch's examples are cut into batches. */
export interface EpochSampler {
  readonly sampler: SamplerOptions;
  readonly batchesPerEpoch: number;
}

/**
 * The sampler that the settings ask for, and how many batches it makes in every epoch.
 * @param more length buckets, groups
 * @throws ConfigError where `dataloader_drop_last` leaves no batch
 */
export function epochSampler(
  { seed, batchSize, shuffle, dataloaderDropLast: dropLast }: Settings,
  { length }: Pick<Dataset<unknown>, 'length'>,
  more: Pick<SamplerOptions, 'lengths' | 'groups'> = {},
): EpochSampler {
  const sampler = { seed, batchSize, shuffle, dropLast, ...more };
  if (!more.groups && !dropLast) return { sampler, batchesPerEpoch: Math.ceil(length / batchSize) };
  try {
    return { sampler, batchesPerEpoch: epochBatches(length, 0, sampler).length };
  } catch (cause) {
    if (!(cause instanceof RangeError && cause.message.startsWith('dropLast'))) throw cause;
    throw new ConfigError(
      'dataloader_drop_last',
      'dataloader_drop_last',
      `expected at least one whole batch of ${batchSize}, got ${length} examples — lower batch_size, or leave it out`,
      { cause },
    );
  }
}
