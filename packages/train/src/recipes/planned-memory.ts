import { type ComputeOptions, type MemoryPlan, memoryPlanText, type Plan, planMemory } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';
import type { TaskBatch } from '../trainer.js';

/**
 * Bytes that a run will take beside the process itself. The first batch stands for all: where rows are ordered by length, it is the one with
 * most tokens.
 */
export async function plannedMemory(
  plan: Plan,
  batches: AsyncIterable<TaskBatch>,
  compute: ComputeOptions,
  { gradientAccumulationSteps }: Pick<CompleteConfig, 'gradientAccumulationSteps'>,
): Promise<MemoryPlan> {
  for await (const { batch } of batches)
    if (batch) return planMemory(plan, batch, compute, { accumulates: gradientAccumulationSteps > 1 });
  throw new RangeError('memory: expected a batch to plan by, got none — name rows to learn from');
}

const MIB = 2 ** 20;

/** A line for each kind and for the total. */
export const describeMemory = (memory: MemoryPlan): string =>
  `memory of training, planned:\n${memoryPlanText(memory).replace(/^/gm, '  ')}`;

/** Refuses a run that would not fit, before anything of it is allocated. @param most bytes that there are @throws ConfigError */
export function checkMemory(memory: MemoryPlan, most: number): void {
  const { total, parameters, gradients, moments, activations, arenas, resident } = memory;
  if (total <= most) return;
  const advice = [
    parameters + gradients + moments > activations + arenas
      ? 'train fewer weights (use_lora, freeze)'
      : 'compute one layer at a time (layer_split), lower batch_size or max_len',
    ...(resident > total / 4 ? ['store what is not trained narrow (frozen_dtype)'] : []),
  ];
  throw new ConfigError(
    'memory',
    undefined,
    `expected a run within the ${Math.floor(most / MIB)} MiB of this machine, got a plan of ${Math.ceil(total / MIB)} MiB — ${advice.join('; ')}`,
  );
}
