/** How the learning rate falls once warm-up and plateau are over. */
export type Decay = 'cosine' | 'linear' | 'constant';

export interface ScheduleOptions {
  readonly decay: Decay;
  /** Updates of the whole run. */
  readonly total: number;
  /** Updates in which the rate rises from 0 in a straight line. */
  readonly warmup: number;
  /** Updates at the peak after them. */
  readonly stable?: number;
}

/** The share of the peak rate at an update, counted from 0. */
export type Schedule = (update: number) => number;

/**
 * Warm-up, plateau and decay over the updates that really happen, in `[0, 1]`: with `cosine` and no plateau transformers'
 * `get_cosine_schedule_with_warmup` (half a wave, to 0 at `total`), with one its `get_wsd_schedule`, with `linear` its
 * `get_linear_schedule_with_warmup`. Update 0 of a run with warm-up has rate 0, as there.
 */
export function schedule({ decay, total, warmup, stable = 0 }: ScheduleOptions): Schedule {
  const begin = warmup + stable;
  return (update) => {
    if (update < warmup) return update / warmup;
    if (update < begin || decay === 'constant') return 1;
    const progress = Math.min(1, (update - begin) / Math.max(1, total - begin));
    return decay === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

/** Batches and updates of a run. */
export interface UpdateCount {
  readonly perEpoch: number;
  readonly total: number;
}

/**
 * An update takes `accumulation` batches; the last of an epoch takes what is left, so that no batch waits for the next
 * epoch (floor over all epochs, as the originals count, plans fewer updates than happen and lets the cosine rise again).
 */
export function countUpdates(batchesPerEpoch: number, epochs: number, accumulation: number): UpdateCount {
  const perEpoch = Math.ceil(batchesPerEpoch / accumulation);
  return { perEpoch, total: perEpoch * epochs };
}
