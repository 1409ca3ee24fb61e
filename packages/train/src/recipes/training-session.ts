import {
  type Collective,
  type CompileOptions,
  type ComputeOptions,
  compile,
  type Objective,
  type OpenOptions,
  openRowProducts,
  type Plan,
  readsFiles,
  sessionOptions,
  shardingOfStage,
} from '@rag/runtime';
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
  'weightDecay' | 'adamBeta1' | 'adamBeta2' | 'adamEpsilon' | 'maxGradNorm'
>;

/** Compiles the objective with these settings of AdamW. */
export const compileTraining = (
  objective: Objective,
  weights: Pick<CompileOptions, 'initial' | 'resident' | 'trainable'>,
  config: OptimizerSettings,
): Plan =>
  compile(objective, {
    ...weights,
    optimizer: {
      weightDecay: config.weightDecay,
      beta1: config.adamBeta1,
      beta2: config.adamBeta2,
      epsilon: config.adamEpsilon,
      ...(config.maxGradNorm > 0 && { maxGradNorm: config.maxGradNorm }),
    },
  });

/** Where and how a plan of these settings is computed. */
export const computeOptions = (
  config: Pick<CompleteConfig, 'provider' | 'deviceId' | 'mixedPrecision' | 'fp16' | 'bf16' | 'zeroStage'>,
  threads: number,
  collective?: Collective,
): ComputeOptions => ({
  provider: config.provider,
  threads,
  precision: runningPrecision(config),
  ...(config.provider === 'cuda' && { cuda: { deviceId: config.deviceId } }),
  ...(collective && { collective, sharding: shardingOfStage(config.zeroStage) }),
});

/** How the models of a run are opened for evaluation: where it trains. */
export const evaluationOptions = (
  { provider, deviceId }: Pick<CompleteConfig, 'provider' | 'deviceId'>,
  threads: number,
): OpenOptions => ({
  provider,
  threads,
  ...(provider === 'cuda' && { cuda: { deviceId } }),
});

/**
 * How a saved model is opened for what is recorded with it (golden.json, which any machine repeats): on the host where the run is on a GPU, whose
 * products may be rounded. undefined where it is open there already.
 */
export const recordingOptions = (
  { provider }: Pick<CompleteConfig, 'provider'>,
  threads: number,
): OpenOptions | undefined =>
  provider === 'cuda' || provider === 'webgpu'
    ? { provider: readsFiles({ provider: 'auto' }) ? 'cpu' : 'wasm', threads }
    : undefined;

/** Opens and closes a session where the run will train: an absent provider is an error before data are read. */
export async function tryProvider(
  config: Pick<CompleteConfig, 'provider' | 'deviceId'>,
  threads: number,
): Promise<void> {
  if (config.provider === 'cpu') return;
  const session = await openRowProducts(sessionOptions(evaluationOptions(config, threads)));
  session.dispose();
}
