import { type BatchNames, batchNames } from './batch.js';
import type { ComputeOptions } from './compute.js';
import { type LossScaler, lossScaler } from './loss-scale.js';
import { type OpenDevice, openResidence } from './open-residence.js';
import type { OptimizerPlan } from './optimizer-model.js';
import type { Plan } from './plan.js';
import type { RankedMemory } from './ranked-memory.js';
import { rankedRunners } from './ranked-runner.js';
import { disposedResidence, type Residence } from './residence.js';
import { type OpenedSegments, openSegments } from './segment-runner.js';
import { type TrainingState, withoutTensors } from './state.js';

/** What a training session is made of. */
export interface SessionParts {
  readonly state: TrainingState;
  readonly segments: OpenedSegments;
  readonly names: readonly BatchNames[];
  readonly chunkedSegments: number | undefined;
  readonly optimizer: OptimizerPlan;
  readonly residence: Residence;
  readonly scaler: LossScaler;
  /** Of one of several ranks. */
  readonly ranks: RankedMemory | undefined;
}

/** Makes the state that a plan starts with, and opens what runs on it. @throws as `openResidence` */
export async function openParts(
  { segments, chunkedSegments, optimizerModel, initial }: Plan,
  compute: ComputeOptions,
  openDevice: OpenDevice | undefined,
): Promise<SessionParts> {
  const opened = await openResidence({ initial, optimizerModel, segments }, compute, openDevice);
  const { residence, state, optimizer, ranks } = opened;
  const { runners, added } = openSegments(segments, residence, compute);
  return {
    state,
    segments: { runners: ranks ? rankedRunners(runners, ranks) : runners, added },
    names: batchNames(segments, state),
    chunkedSegments,
    optimizer,
    residence,
    scaler: lossScaler(state, compute.precision === 'fp16' ? (compute.lossScaling ?? {}) : undefined),
    ranks,
  };
}

/** Disposes of the parts. @returns what stands in their place: numbers, and nothing that holds an array of the state */
export function disposedParts({ segments, residence, state, ...rest }: SessionParts): SessionParts {
  for (const segment of segments.runners) segment.dispose();
  residence.dispose();
  const numbers = withoutTensors(state);
  return {
    ...rest,
    state: numbers,
    segments: { runners: [], added: new Set() },
    residence: disposedResidence,
    scaler: lossScaler(numbers, undefined),
    ranks: undefined,
  };
}
