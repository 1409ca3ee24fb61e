import type { TaskData } from '../recipes/prepared-task.js';
import { type TaskBatch, Trainer, type TrainerSession } from '../trainer.js';
import { batchAt, type SampledBatches } from './sampled-batches.js';

/** Some updates of a run, timed. */
export interface MeasuredUpdates {
  /** Updates behind the first, which allocates and is not counted; the first where there was no other. */
  readonly updates: number;
  /** Whether the first is all that there is. */
  readonly isFirst: boolean;
  /** Of forward and backward, tokenization included where it is waited for. */
  readonly secondsPerToken: Spread;
  /** Of the optimizer, per update. */
  readonly updateSeconds: number;
  /** Bytes of the process at its largest. */
  readonly peakBytes?: number;
}

/** A mean, and the standard error of it; undefined of a single value. */
export interface Spread {
  readonly mean: number;
  readonly error?: number;
}

export interface MeasureOptions {
  readonly data: Pick<TaskData, 'batches' | 'batchesPerEpoch'>;
  readonly draw: Parameters<TaskData['batches']>[1];
  readonly sampled: Pick<SampledBatches, 'largest'>;
  /** Batches per update of the run. */
  readonly accumulation: number;
  readonly isOver: () => boolean;
  /** Milliseconds. */
  readonly now: () => number;
  readonly residentBytes?: (() => number) | undefined;
}

/** More do not make the mean much better. */
const MOST_UPDATES = 12;
/** Standard error, as a share of the mean, at which no further update is needed, and the least number that one can be told of. */
const GOOD_ERROR = 0.03;
const LEAST_UPDATES = 4;

/**
 * Updates a session at rate 0 by the trainer itself: first with the batch that has most tokens, then with others as they come in the
 * epoch, until the time is over. A long accumulation is cut to two batches, which take what more would.
 */
export async function measureUpdates(
  session: TrainerSession,
  options: MeasureOptions,
): Promise<MeasuredUpdates> {
  const { data, draw, sampled, isOver, now, residentBytes } = options;
  const accumulation = Math.min(2, options.accumulation);
  const from = Math.min(1, data.batchesPerEpoch - 1);
  let [updating, peak] = [0, 0];
  const look = (): void => {
    peak = Math.max(peak, residentBytes?.() ?? 0);
  };
  const timed: TrainerSession = {
    async accumulate(...batch) {
      const result = await session.accumulate(...batch);
      look();
      return result;
    },
    async update(rate) {
      const started = now();
      const result = await session.update(rate);
      updating += now() - started;
      look();
      return result;
    },
  };
  async function* batches(): AsyncGenerator<TaskBatch> {
    const largest = await batchAt(data, draw, sampled.largest.place);
    for (let i = 0; i < accumulation; i++) yield largest;
    yield* data.batches(0, draw, from);
  }
  const rates: number[] = [];
  const updates: number[] = [];
  let before = { tokens: 0, milliseconds: 0, updating: 0 };
  const batchesPerEpoch = accumulation + data.batchesPerEpoch - from;
  const trainer = new Trainer(
    timed,
    { batchesPerEpoch, batches },
    {
      ...{ epochs: 1, accumulation, learningRate: 0, now },
      schedule: () => () => 1,
      afterStep: async ({ update }) => {
        const { tokens, milliseconds } = trainer.position;
        const taken = updating - before.updating;
        const computed = milliseconds - before.milliseconds - taken;
        rates.push(computed / 1000 / Math.max(1, tokens - before.tokens));
        updates.push(taken / 1000);
        before = { tokens, milliseconds, updating };
        const { mean, error = mean } = spread(rates.slice(1));
        const isGood = update > LEAST_UPDATES && error <= GOOD_ERROR * mean;
        if (isOver() || isGood || update > MOST_UPDATES) trainer.stop();
      },
    },
  );
  await trainer.run();
  const isFirst = rates.length === 1;
  const counted = isFirst ? rates : rates.slice(1);
  return {
    ...{ updates: counted.length, isFirst, secondsPerToken: spread(counted) },
    updateSeconds: spread(isFirst ? updates : updates.slice(1)).mean,
    ...(residentBytes && { peakBytes: peak }),
  };
}

/** @param values at least one, or the mean is NaN */
export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}
