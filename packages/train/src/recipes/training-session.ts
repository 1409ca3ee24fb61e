import { compile, type Objective, openRowProducts, TrainingSession } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { runningPrecision } from '../config/precision.js';
import { type Schedule, schedule } from '../schedule.js';

type ScheduleSettings = Pick<
  CompleteConfig,
  'lrSchedulerType' | 'warmupProportion' | 'warmupSteps' | 'stableProportion'
>;

/** Warm-up, plateau and decay of the settings over a run of `total` updates. */
export function scheduleOf(config: ScheduleSettings, total: number): Schedule {
  return schedule({
    decay: config.lrSchedulerType,
    total,
    warmup: config.warmupSteps ?? Math.floor(total * config.warmupProportion),
    stable: Math.floor(total * config.stableProportion),
  });
}

type OptimizerSettings = Pick<
  CompleteConfig,
  | 'weightDecay'
  | 'adamBeta1'
  | 'adamBeta2'
  | 'adamEpsilon'
  | 'maxGradNorm'
  | 'mixedPrecision'
  | 'fp16'
  | 'bf16'
  | 'provider'
  | 'deviceId'
>;

/** Compiles the objective with these settings of AdamW, with the given weights as its first state. */
export async function openTrainingSession(
  objective: Objective,
  weights: ReadonlyMap<string, Float32Array>,
  config: OptimizerSettings,
  threads: number,
): Promise<TrainingSession> {
  const plan = compile(objective, {
    initial: (name) => weights.get(name)!,
    optimizer: {
      weightDecay: config.weightDecay,
      beta1: config.adamBeta1,
      beta2: config.adamBeta2,
      epsilon: config.adamEpsilon,
      ...(config.maxGradNorm > 0 && { maxGradNorm: config.maxGradNorm }),
    },
  });
  return TrainingSession.create(plan, {
    provider: config.provider,
    threads,
    precision: runningPrecision(config),
    ...(config.provider === 'cuda' && { cuda: { deviceId: config.deviceId } }),
  });
}

/** Opens and closes a session where the run will train: an absent provider is an error before data are read. */
export async function tryProvider(
  { provider, deviceId }: Pick<CompleteConfig, 'provider' | 'deviceId'>,
  threads: number,
): Promise<void> {
  if (provider === 'cpu') return;
  const session = await openRowProducts(
    provider === 'cuda'
      ? { provider, driver: 'ffi', cuda: { deviceId } }
      : { provider, intraOpNumThreads: threads },
  );
  session.dispose();
}
