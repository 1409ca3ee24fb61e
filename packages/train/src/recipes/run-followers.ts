import { publishedSettings } from '../config/resolve.js';
import { formatSkipped } from '../progress-text.js';
import type { Outcome, Tracker } from '../trackers/tracker.js';
import type { StepEvent } from '../trainer.js';
import type { Evaluated, ResolvedTask } from './prepared-task.js';
import type { RunListener } from './run-platform.js';
import { type LoggedStep, type StepLogState, stepLog } from './step-log.js';

/** A run as those that follow it name it. */
export interface FollowedRun {
  /** The same for a run and for what resumes it. */
  readonly id: string;
  /** `reranker`, `embedding`, `colbert`. */
  readonly task: string;
  readonly resolved: ResolvedTask;
  readonly totalUpdates: number;
  /** Updates that the checkpoint holds which this run goes on from. */
  readonly resumeFrom?: number;
  /** What was logged until then. */
  readonly log?: StepLogState;
}

/** Everybody who follows a run: the listener, the log of run.json, trackers. */
export interface RunFollowers {
  readonly history: readonly LoggedStep[];
  /** What the log holds, for a checkpoint. */
  logState(): StepLogState;
  step(event: StepEvent): void;
  /** @param update updates done, 0 before the first */
  evaluated(update: number, evaluated: Evaluated): void;
  /** A checkpoint or the final model was written. */
  saved(update: number, type: 'checkpoint' | 'model', path: string): void;
  /** Something went wrong that may end the run. */
  alarmed(update: number, line: string): void;
  /** Waits until trackers have written what they were told, 30 seconds at most. */
  finish(outcome: Outcome): Promise<void>;
}

/** Milliseconds that trackers have for what is left when a run ends. */
const FAREWELL = 30_000;

/** Tells everybody who follows a run; each is told of updates once per `log_interval` but the listener, who hears of all. */
export function followRun(
  { listener, tracker }: { readonly listener: RunListener; readonly tracker?: Tracker },
  { id, task, resolved, totalUpdates, resumeFrom, log: from }: FollowedRun,
): RunFollowers {
  const { config } = resolved;
  const log = stepLog(config.logInterval, from);
  let told = log.entries.length;
  tracker?.start({
    id,
    name: config.runName ?? `${task}-${id}`,
    project: config.projectName ?? `rag-${task}`,
    config: { task, ...publishedSettings(resolved) },
    totalSteps: totalUpdates,
    ...(resumeFrom !== undefined && { resumeFrom }),
  });
  return {
    history: log.entries,
    logState: log.state,
    step(event) {
      log.add(event);
      if (event.skipped) listener.say(formatSkipped(event));
      listener.step(event);
      if (log.entries.length === told) return;
      told = log.entries.length;
      tracker?.scalars(event.update, scalarsOf(log.entries.at(-1)!, event));
    },
    evaluated(update, { text, metrics }) {
      listener.say(text);
      const named = Object.entries(metrics).map(([name, mean]) => [`eval/${name}`, mean] as const);
      tracker?.scalars(update, Object.fromEntries(named));
    },
    saved(update, type, path) {
      listener.say(type === 'model' ? `final model: ${path}` : `checkpoint: ${path}`);
      tracker?.artifact(update, { name: type === 'model' ? 'model' : `update-${update}`, type, uri: path });
    },
    alarmed(update, line) {
      listener.say(line);
      tracker?.text(update, 'collapse', line);
    },
    finish: async (outcome) => tracker?.finish(outcome, AbortSignal.timeout(FAREWELL)),
  };
}

/** Some updates as trackers name their values: `train/loss` as transformers and accelerate have it. */
const scalarsOf = (
  { loss, learningRate, gradientNorm, lossScale, skipped }: LoggedStep,
  { epoch, update, totalUpdates, epochs, tokensPerSecond, tokens }: StepEvent,
): Record<string, number> => ({
  'train/loss': loss,
  'train/learning_rate': learningRate,
  'train/grad_norm': gradientNorm,
  'train/epoch': Math.max(epoch, (update / totalUpdates) * epochs),
  'train/tokens': tokens,
  'train/tokens_per_second': tokensPerSecond,
  ...(lossScale !== undefined && { 'train/loss_scale': lossScale }),
  ...(skipped !== undefined && { 'train/skipped': skipped }),
});

/** A name that no other run has: what trackers know it by. */
export const freshRunId = (): string => crypto.randomUUID().slice(0, 8);
