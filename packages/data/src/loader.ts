import type { Dataset } from './dataset.js';
import { type Batch, epochBatches, type SamplerOptions } from './sampler.js';

/** A place in a run: the next batch to train on. */
export interface Place {
  /** From 0. */
  readonly epoch: number;
  /** From 0, in this epoch's batches of one rank. */
  readonly batch: number;
}

export interface LoadedBatch<E> extends Batch {
  readonly examples: readonly E[];
  readonly place: Place;
  /** Where to go on after this batch: what a checkpoint stores. */
  readonly next: Place;
  /** Batches in this epoch. */
  readonly batches: number;
}

type Source<E> = Pick<Dataset<E>, 'length' | 'example'>;

/**
 * Yields the batches of epoch `from.epoch` from batch `from.batch` on, reading one batch ahead.
 * Nothing is remembered between calls: the same place gives the same remaining batches.
 * Throws a RangeError when the epoch has fewer batches, which means that data or options changed.
 */
export async function* loadBatches<E>(
  dataset: Source<E>,
  options: SamplerOptions,
  from: Place = { epoch: 0, batch: 0 },
): AsyncGenerator<LoadedBatch<E>> {
  const { epoch } = from;
  const plan = epochBatches(dataset.length, epoch, options);
  if (!(Number.isInteger(from.batch) && from.batch >= 0 && from.batch < plan.length)) {
    const remedy = 'resume with the data and the options that the run began with';
    throw new RangeError(`batch: expected 0 to ${plan.length - 1}, got ${from.batch} — ${remedy}`);
  }
  const read = (batch: number) => {
    const examples = Promise.all(Array.from(plan[batch]!.indices, (index) => dataset.example(index, epoch)));
    // An error of a batch read ahead is thrown when its turn comes; a consumer that stops before never sees it.
    examples.catch(() => {});
    return examples;
  };
  let ahead = read(from.batch);
  for (let batch = from.batch; batch < plan.length; batch++) {
    const examples = await ahead;
    const isLast = batch + 1 === plan.length;
    if (!isLast) ahead = read(batch + 1);
    const next = isLast ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 };
    yield { ...plan[batch]!, examples, place: { epoch, batch }, next, batches: plan.length };
  }
}
