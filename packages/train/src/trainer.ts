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
  /** Over all batches since the epoch began, each weighed by what its loss counts. */
  readonly meanLoss: number;
  readonly learningRate: number;
  /** L2 norm over all gradients, before clipping. */
  readonly gradientNorm: number;
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
  readonly tokens: number;
  /** Of training alone. */
  readonly seconds: number;
  /** Mean loss of the last epoch. */
  readonly meanLoss: number;
}

/** Runs epochs of a task on a session: accumulation, schedule and events. It knows no model and no files. */
export class Trainer {
  readonly updatesPerEpoch: number;
  readonly totalUpdates: number;
  private readonly factor: Schedule;
  private readonly now: () => number;
  private update = 0;
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
        seen.sum += sum;
        seen.weight += weight;
        this.tokens += tokens;
        next = await ahead;
        if (++gathered < accumulation && !next.done) continue;
        gathered = 0;
        const learningRate = this.options.learningRate * this.factor(this.update);
        const { loss, gradientNorm } = await this.session.update({ learningRate });
        this.update++;
        const now = this.now();
        this.milliseconds += now - started;
        started = now;
        const meanLoss = seen.sum / seen.weight;
        this.options.onStep?.(this.stepEvent(epoch, { loss, meanLoss, learningRate, gradientNorm }));
        this.options.signal?.throwIfAborted();
      }
    } finally {
      await batches.return?.();
    }
    return seen.sum / seen.weight;
  }

  private stepEvent(
    epoch: number,
    values: Pick<StepEvent, 'loss' | 'meanLoss' | 'learningRate' | 'gradientNorm'>,
  ): StepEvent {
    const seconds = this.milliseconds / 1000;
    return {
      ...values,
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
