import type { TrainingBatch, TrainingSession } from '@rag/runtime';
import { countUpdates, type Schedule } from './schedule.js';

/** One batch and how much work it is. */
export interface TaskBatch {
  readonly batch: TrainingBatch;
  /** Tokens of texts, without filler. */
  readonly tokens: number;
}

/** What a task hands to the trainer. */
export interface TrainingTask {
  readonly batchesPerEpoch: number;
  /**
   * The batches of an epoch (from 0), the same whenever asked; `updateOf` tells which update of the run (from 0) a batch
   * of this epoch belongs to, for what is drawn anew with every update.
   */
  batches(epoch: number, updateOf: (batch: number) => number): AsyncIterable<TaskBatch>;
}

/** What the trainer needs of a session; a `TrainingSession` has it. */
export type TrainerSession = Pick<TrainingSession, 'accumulate' | 'update'>;

/** What one update did. */
export interface StepEvent {
  /** Updates done, from 1. */
  readonly update: number;
  readonly totalUpdates: number;
  /** From 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of this update's batches. */
  readonly loss: number;
  /** Over all batches since the epoch began, each weighed by what its loss counts; NaN while none of them was learned from. */
  readonly meanLoss: number;
  readonly learningRate: number;
  /** L2 norm over all gradients, before clipping; no finite number where the update was skipped. */
  readonly gradientNorm: number;
  /** fp16 gradients overflowed: nothing was updated. The loss stays out of means, and the rate is the next update's too. */
  readonly skipped?: true;
  /** Of the updates that follow; of fp16 alone. */
  readonly lossScale?: number;
  /** Tokens of texts so far. */
  readonly tokens: number;
  /** Per second of training, evaluation and saving left out. */
  readonly tokensPerSecond: number;
  /** Until the last update, at the pace so far. */
  readonly secondsLeft: number;
}

/** An epoch that is over. */
export interface EpochEvent {
  /** From 0. */
  readonly epoch: number;
  /** Updates done. */
  readonly update: number;
  readonly totalUpdates: number;
  readonly meanLoss: number;
}

export interface TrainerOptions {
  readonly epochs: number;
  /** Batches per update. */
  readonly accumulation: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Made for the number of updates of the run. */
  readonly schedule: (totalUpdates: number) => Schedule;
  readonly onStep?: (event: StepEvent) => void;
  /** Awaited: a place to save and to evaluate. */
  readonly onEpochEnd?: (event: EpochEvent) => Promise<void>;
  /** Ends the run after the update in progress; the promise of `run` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds; a clock for tests. */
  readonly now?: () => number;
}

export interface TrainingResult {
  readonly updates: number;
  /** Of them, those that fp16 gradients' overflow left out; absent without any. */
  readonly skippedUpdates?: number;
  readonly tokens: number;
  /** Of training alone. */
  readonly seconds: number;
  /** Mean loss of the last epoch. */
  readonly meanLoss: number;
}

type Updated = Pick<
  StepEvent,
  'loss' | 'meanLoss' | 'learningRate' | 'gradientNorm' | 'skipped' | 'lossScale'
>;

/**
 * Runs epochs of a task on a session: accumulation, schedule and events. It knows no model and no files. An update that fp16
 * skips counts towards the run's length and not towards the schedule, as accelerate has it (accelerate/scheduler.py).
 */
export class Trainer {
  readonly updatesPerEpoch: number;
  readonly totalUpdates: number;
  private readonly factor: Schedule;
  private readonly now: () => number;
  private update = 0;
  private skipped = 0;
  private tokens = 0;
  private milliseconds = 0;

  constructor(
    private readonly session: TrainerSession,
    private readonly task: TrainingTask,
    private readonly options: TrainerOptions,
  ) {
    const { perEpoch, total } = countUpdates(task.batchesPerEpoch, options.epochs, options.accumulation);
    this.updatesPerEpoch = perEpoch;
    this.totalUpdates = total;
    this.factor = options.schedule(total);
    this.now = options.now ?? (() => performance.now());
  }

  /** @throws what the session, the task or a callback throws */
  async run(): Promise<TrainingResult> {
    let meanLoss = Number.NaN;
    for (let epoch = 0; epoch < this.options.epochs; epoch++) {
      meanLoss = await this.runEpoch(epoch);
      await this.options.onEpochEnd?.({
        epoch,
        update: this.update,
        totalUpdates: this.totalUpdates,
        meanLoss,
      });
    }
    return {
      updates: this.update,
      ...(this.skipped > 0 && { skippedUpdates: this.skipped }),
      tokens: this.tokens,
      seconds: this.milliseconds / 1000,
      meanLoss,
    };
  }

  private async runEpoch(epoch: number): Promise<number> {
    const { accumulation } = this.options;
    const first = this.update;
    const batches = this.task
      .batches(epoch, (batch) => first + Math.floor(batch / accumulation))
      [Symbol.asyncIterator]();
    const seen = { sum: 0, weight: 0 };
    const pending = { sum: 0, weight: 0 };
    let started = this.now();
    try {
      let next = await batches.next();
      for (let gathered = 0; !next.done; ) {
        const { batch, tokens } = next.value;
        // The next batch is tokenized while this one computes.
        const computing = this.session.accumulate(batch);
        const ahead = batches.next();
        ahead.catch(() => {});
        const { sum, weight } = await computing;
        pending.sum += sum;
        pending.weight += weight;
        this.tokens += tokens;
        next = await ahead;
        if (++gathered < accumulation && !next.done) continue;
        gathered = 0;
        const learningRate = this.options.learningRate * this.factor(this.update - this.skipped);
        const updated = await this.session.update({ learningRate });
        this.update++;
        if (updated.skipped) {
          this.skipped++;
        } else {
          seen.sum += pending.sum;
          seen.weight += pending.weight;
        }
        Object.assign(pending, { sum: 0, weight: 0 });
        const now = this.now();
        this.milliseconds += now - started;
        started = now;
        const meanLoss = seen.sum / seen.weight;
        this.options.onStep?.(this.stepEvent(epoch, { ...updated, meanLoss, learningRate }));
        this.options.signal?.throwIfAborted();
      }
    } finally {
      await batches.return?.();
    }
    return seen.sum / seen.weight;
  }

  private stepEvent(
    epoch: number,
    { loss, meanLoss, learningRate, gradientNorm, skipped, lossScale }: Updated,
  ): StepEvent {
    const seconds = this.milliseconds / 1000;
    return {
      ...{ loss, meanLoss, learningRate, gradientNorm },
      ...(skipped && { skipped }),
      ...(lossScale !== undefined && { lossScale }),
      update: this.update,
      totalUpdates: this.totalUpdates,
      epoch,
      epochs: this.options.epochs,
      tokens: this.tokens,
      tokensPerSecond: seconds > 0 ? this.tokens / seconds : 0,
      secondsLeft: (seconds / this.update) * (this.totalUpdates - this.update),
    };
  }
}
