import type { MemoryPlan, OpenOptions, TrainingSession } from '@rag/runtime';
import { planTraining } from '../recipes/open-training.js';
import { checkMemory } from '../recipes/planned-memory.js';
import type { OpenModel, PreparedTask } from '../recipes/prepared-task.js';
import type { RunPlatform } from '../recipes/run-platform.js';
import { tasks } from '../recipes/tasks.js';
import { evaluationOptions, tryProvider } from '../recipes/training-session.js';
import { type MeasuredUpdates, measureUpdates } from './measure-updates.js';
import { batchAt, type SampledBatches, sampleBatches } from './sampled-batches.js';
import type { AskedRun } from './task-settings.js';

/** What a probe needs of the platform, and how long it may take. */
export interface ProbePlatform extends Pick<RunPlatform, 'files' | 'threads' | 'version' | 'versions'> {
  /** Bytes that the run may take; one on the host that plans more is not begun. */
  readonly memoryBytes?: number;
  /** Bytes that this process holds at the moment. */
  residentBytes?(): number;
  /** The most that it ever held. */
  peakBytes?(): number;
  /** Seconds from the opening of the model on after which no further update is begun. At least one is made, however long it takes. */
  readonly seconds: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A run's memory and pace, measured on its own model and rows. */
export interface MeasuredRun {
  /** What the run plans for training, beside the process itself. */
  readonly planned: MemoryPlan;
  /** What training added to the process at its largest, and the process then; of training on the host. */
  readonly measured?: { readonly training: number; readonly process: number };
  readonly batchesPerEpoch: number;
  readonly batches: SampledBatches;
  readonly updates: MeasuredUpdates;
  /** Of a forward pass; absent where nothing is evaluated. */
  readonly evaluationSecondsPerToken?: number;
  /** From the model's files to the first update. */
  readonly openSeconds: number;
}

/** Batches that are tokenized to tell the tokens of an epoch. */
const MOST_BATCHES = 16;

type ProbedTask = PreparedTask<OpenModel, unknown>;

function prepare(asked: AskedRun, platform: RunPlatform, opening: OpenOptions): Promise<ProbedTask> {
  switch (asked.task) {
    case 'reranker':
      return tasks.reranker.prepare(asked.resolved, platform, opening);
    case 'embedding':
      return tasks.embedding.prepare(asked.resolved, platform, opening);
    case 'colbert':
      return tasks.colbert.prepare(asked.resolved, platform, opening);
  }
}

/**
 * Opens a run as training does, makes a few of its updates at rate 0 and forgets them; nothing is written.
 * @throws ConfigError where the machine has less memory than the plan; OutOfMemoryError, and what a run throws before its first step
 */
export async function measureRun(asked: AskedRun, platform: ProbePlatform): Promise<MeasuredRun> {
  const { config } = asked.resolved;
  const { files, threads: own, version, versions, memoryBytes, seconds, now } = platform;
  const { residentBytes, peakBytes } = platform;
  const threads = config.threads ?? own;
  const began = now();
  const isOver = (share = 1): boolean => now() - began >= 1000 * seconds * share;
  await tryProvider(config, threads);
  const quiet = { say: () => {}, step: () => {} };
  const task = await prepare(
    asked,
    { files, threads, version, versions, listener: quiet },
    evaluationOptions(config, threads),
  );
  const { data } = task;
  try {
    task.model.dispose();
    const onHost = config.provider === 'cpu';
    const { memory: planned, open } = await planTraining(task, config, threads);
    if (onHost && memoryBytes !== undefined) checkMemory(planned, memoryBytes);
    const before = { resident: residentBytes?.() ?? 0, peak: peakBytes?.() ?? 0 };
    const session = await open();
    try {
      const openSeconds = (now() - began) / 1000;
      const inputs = await session.inputs();
      const draw = () => ({ seed: config.seed, update: 0, inputs });
      const batches = await sampleBatches(data, draw, { most: MOST_BATCHES, isOver: () => isOver(0.3) });
      const updates = await measureUpdates(session, {
        ...{ data, draw, sampled: batches, isOver, now },
        accumulation: config.gradientAccumulationSteps,
        residentBytes: onHost ? residentBytes : undefined,
      });
      // Between two looks at it a process may have held more; it tells where that is more than ever before.
      const highest = peakBytes?.() ?? 0;
      const seen = updates.peakBytes ?? 0;
      const peak = highest > before.peak ? Math.max(highest, seen) : seen;
      const forward = task.evaluator && (await forwardSeconds(session, data, draw, { isOver, now }));
      return {
        ...{ planned, batchesPerEpoch: data.batchesPerEpoch, batches, updates, openSeconds },
        ...(updates.peakBytes !== undefined && {
          measured: { training: Math.max(0, peak - before.resident), process: peak },
        }),
        ...(forward !== undefined && { evaluationSecondsPerToken: forward }),
      };
    } finally {
      session.dispose();
    }
  } finally {
    task.model.dispose();
    await data.close();
  }
}

/** Seconds per token of a batch's forward pass; of the second one, but where time is over. */
async function forwardSeconds(
  session: Pick<TrainingSession, 'evaluate'>,
  data: ProbedTask['data'],
  draw: Parameters<typeof batchAt>[1],
  { isOver, now }: { readonly isOver: () => boolean; readonly now: () => number },
): Promise<number> {
  const { batch, more = [], tokens } = await batchAt(data, draw, Math.floor(data.batchesPerEpoch / 2));
  const pass = async (): Promise<number> => {
    const started = now();
    for (const part of [batch, ...more]) await session.evaluate(part);
    return (now() - started) / 1000 / Math.max(1, tokens);
  };
  const first = await pass();
  return isOver() ? first : pass();
}
