import type { StepEvent } from '../trainer.js';

/** Some updates in one line. */
export interface LoggedStep {
  readonly epoch: number;
  /** Updates done. */
  readonly update: number;
  /** Mean over the updates since the line before; not of those that were skipped. */
  readonly loss: number;
  /** Of the last of them. */
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Updates since the line before that fp16 gradients' overflow left out; absent without any. */
  readonly skipped?: number;
  /** After the last of them; of fp16 alone. */
  readonly lossScale?: number;
}

/** The log of a run between two updates. */
export interface StepLogState {
  readonly history: readonly LoggedStep[];
  /** Losses since the last line, and how many updates were skipped since. */
  readonly unlogged: { readonly losses: readonly number[]; readonly skipped: number };
}

/** Gathers updates to lines of `interval` updates; the last line of a run may have fewer. */
export function stepLog(interval: number, from?: StepLogState) {
  const lines: LoggedStep[] = [...(from?.history ?? [])];
  let losses: number[] = [...(from?.unlogged.losses ?? [])];
  let left = from?.unlogged.skipped ?? 0;
  return {
    entries: lines as readonly LoggedStep[],
    /** What `from` of another log takes. */
    state: (): StepLogState => ({
      history: [...lines],
      unlogged: { losses: [...losses], skipped: left },
    }),
    add({
      epoch,
      update,
      totalUpdates,
      loss,
      learningRate,
      gradientNorm,
      skipped,
      lossScale,
    }: StepEvent): void {
      if (skipped) left++;
      else losses.push(loss);
      if (update % interval !== 0 && update !== totalUpdates) return;
      const mean = losses.reduce((sum, one) => sum + one, 0) / losses.length;
      lines.push({
        ...{ epoch, update, loss: mean, learningRate, gradientNorm },
        ...(left > 0 && { skipped: left }),
        ...(lossScale !== undefined && { lossScale }),
      });
      [losses, left] = [[], 0];
    },
  };
}
