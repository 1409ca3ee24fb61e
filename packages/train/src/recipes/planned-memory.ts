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
    return planMemory(plan, batch, compute, { accumulates: gradientAccumulationSteps > 1 });
  throw new RangeError('memory: expected a batch to plan by, got none — name rows to learn from');
}

const MIB = 2 ** 20;

/** `memory: 512 MiB planned for training`, and a line for each kind. */
export const describeMemory = (memory: MemoryPlan): string =>
  `memory: ${Math.ceil(memory.total / MIB)} MiB planned for training\n${memoryPlanText(memory).replace(/^/gm, '  ')}`;

/** Refuses a run that would not fit, before anything of it is allocated. @param most bytes that there are @throws ConfigError */
export function checkMemory({ total, parameters, activations }: MemoryPlan, most: number): void {
  if (total <= most) return;
  const state = 4 * parameters > activations;
  throw new ConfigError(
    'memory',
    undefined,
    `expected a run within the ${Math.floor(most / MIB)} MiB of this machine, got a plan of ${Math.ceil(total / MIB)} MiB — ${
      state
        ? 'train fewer weights (use_lora, freeze), store the others narrow (frozen_dtype)'
        : 'compute one layer at a time (layer_split), lower batch_size or max_len'
    }`,
  );
}
