import type { TrainingBatch, TrainingSession } from '@rag/runtime';
import { countUpdates, type Schedule } from './schedule.js';
import { type ScoreSpread, scoreSpread } from './score-spread.js';
import { checkPosition, startPosition, type TrainerPosition } from './trainer-position.js';

/** One batch and how much work it is. */
export interface TaskBatch {
  /** Of several processes: this one's part; undefined where it has none. */
  readonly batch: TrainingBatch | undefined;
  /**
   * The rest of the batch, where it is computed in several parts: their losses and gradients are added. All processes have as many parts, of
   * which some may be undefined.
   */
  readonly more?: readonly (TrainingBatch | undefined)[];
  /** Tokens of texts, without filler. */
  readonly tokens: number;
}

/** What a task hands to the trainer. */
export interface TrainingTask {
  readonly batchesPerEpoch: number;
  /**
   * The batches of an epoch (from 0), the same whenever asked; `updateOf` tells which update of the run (from 0) a batch
   * of this epoch belongs to, for what is drawn anew with every update. Those before batch `from` are left out, not made.
   */
  batches(epoch: number, updateOf: (batch: number) => number, from: number): AsyncIterable<TaskBatch>;
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
  /** Standard deviation of the logits of this update's batches, of this process; absent where the session gives none. */
  readonly scoreSpread?: number;
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
  /** Where an earlier run of the same settings stood; without it the run begins. */
  readonly from?: TrainerPosition;
  readonly onStep?: (event: StepEvent) => void;
  /** Awaited after `onStep`: a place to save and to evaluate. */
  readonly afterStep?: (event: StepEvent) => Promise<void>;
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
  'loss' | 'meanLoss' | 'learningRate' | 'gradientNorm' | 'skipped' | 'lossScale' | 'scoreSpread'
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
  private at: TrainerPosition;
  private isStopped = false;

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
    this.at = options.from ?? startPosition;
    checkPosition(this.at, { ...options, batchesPerEpoch: task.batchesPerEpoch });
  }

  /** Where the run stands, in its callbacks and once it ended: what `from` of another trainer takes. Between two updates only. */
  get position(): TrainerPosition {
    return this.at;
  }

  /** Ends the run after the callback in progress, as if it were over: `run` resolves. */
  stop(): void {
    this.isStopped = true;
  }

  /** @throws what the session, the task or a callback throws */
  async run(): Promise<TrainingResult> {
    while (!this.isStopped && this.at.epoch < this.options.epochs) {
      const { epoch } = this.at;
      await this.runEpoch();
      if (this.isStopped) break;
      this.at = { ...this.at, epoch: epoch + 1, batch: 0 };
      const { update } = this.at;
      await this.options.onEpochEnd?.({
        ...{ epoch, update, totalUpdates: this.totalUpdates, meanLoss: this.meanLoss },
      });
      this.options.signal?.throwIfAborted();
    }
    const { update, skipped, tokens, milliseconds } = this.at;
    return {
      updates: update,
      ...(skipped > 0 && { skippedUpdates: skipped }),
      tokens,
      seconds: milliseconds / 1000,
      meanLoss: this.meanLoss,
    };
  }

  private get meanLoss(): number {
    return this.at.loss.sum / this.at.loss.weight;
  }

  /** Forward and backward of a batch, part by part. @param last whether no other follows before the update */
  private async gather(
    { batch, more = [] }: TaskBatch,
    last: boolean,
    scores: ScoreSpread,
  ): Promise<{ sum: number; weight: number }> {
    const result = await this.session.accumulate(batch, { last: last && more.length === 0 });
    let { sum, weight } = result;
    scores.add(result.outputs?.logits?.data);
    for (const [i, part] of more.entries()) {
      const result = await this.session.accumulate(part, { last: last && i === more.length - 1 });
      sum += result.sum;
      weight += result.weight;
      scores.add(result.outputs?.logits?.data);
    }
    return { sum, weight };
  }

  private async runEpoch(): Promise<void> {
    const { accumulation } = this.options;
    const { epoch, batch: from } = this.at;
    if (from === 0) this.at = { ...this.at, loss: { sum: 0, weight: 0 } };
    if (from >= this.task.batchesPerEpoch) return;
    const first = epoch * this.updatesPerEpoch;
    const batches = this.task
      .batches(epoch, (batch) => first + Math.floor(batch / accumulation), from)
      [Symbol.asyncIterator]();
    const pending = { sum: 0, weight: 0, tokens: 0, batches: 0 };
    let scores = scoreSpread();
    let started = this.now();
    try {
      let next = await batches.next();
      while (!next.done) {
        const { tokens } = next.value;
        // The next batch is tokenized while this one computes.
        const isLast =
          pending.batches + 1 === accumulation ||
          this.at.batch + pending.batches + 1 === this.task.batchesPerEpoch;
        const computing = this.gather(next.value, isLast, scores);
        const ahead = batches.next();
        ahead.catch(() => {});
        const { sum, weight } = await computing;
        pending.sum += sum;
        pending.weight += weight;
        pending.tokens += tokens;
        next = await ahead;
        if (++pending.batches < accumulation && !next.done) continue;
        const learningRate = this.options.learningRate * this.factor(this.at.update - this.at.skipped);
        const { total, ...updated } = await this.session.update({ learningRate });
        Object.assign(pending, total);
        const now = this.now();
        this.at = moved(this.at, pending, {
          isSkipped: updated.skipped ?? false,
          milliseconds: now - started,
        });
        Object.assign(pending, { sum: 0, weight: 0, tokens: 0, batches: 0 });
        const spread = scores.value();
        scores = scoreSpread();
        const event = this.stepEvent({
          ...{ ...updated, meanLoss: this.meanLoss, learningRate },
          ...(spread !== undefined && { scoreSpread: spread }),
        });
        this.options.onStep?.(event);
        await this.options.afterStep?.(event);
        this.options.signal?.throwIfAborted();
        if (this.isStopped) return;
        started = this.now();
      }
    } finally {
      await batches.return?.();
    }
  }

  private stepEvent({
    loss,
    meanLoss,
    learningRate,
    gradientNorm,
    skipped,
    lossScale,
    scoreSpread: spread,
  }: Updated): StepEvent {
    const { update, epoch, tokens, milliseconds } = this.at;
    const seconds = milliseconds / 1000;
    return {
      ...{ loss, meanLoss, learningRate, gradientNorm },
      ...(skipped && { skipped }),
      ...(lossScale !== undefined && { lossScale }),
      ...(spread !== undefined && { scoreSpread: spread }),
      ...{ update, totalUpdates: this.totalUpdates, epoch, epochs: this.options.epochs, tokens },
      tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
      secondsLeft: (seconds / update) * (this.totalUpdates - update),
    };
  }
}

/** A position after one more update; the loss of a skipped one stays out of the mean. */
const moved = (
  at: TrainerPosition,
  gathered: {
    readonly sum: number;
    readonly weight: number;
    readonly tokens: number;
    readonly batches: number;
  },
  { isSkipped, milliseconds }: { readonly isSkipped: boolean; readonly milliseconds: number },
): TrainerPosition => ({
  ...at,
  update: at.update + 1,
  skipped: at.skipped + (isSkipped ? 1 : 0),
  batch: at.batch + gathered.batches,
  tokens: at.tokens + gathered.tokens,
  milliseconds: at.milliseconds + milliseconds,
  loss: isSkipped ? at.loss : { sum: at.loss.sum + gathered.sum, weight: at.loss.weight + gathered.weight },
});
