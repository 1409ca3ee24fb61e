/**
 * What each rank holds only a share of, as DeepSpeed's ZeRO stages 0 to 3 (https://arxiv.org/abs/1910.02054): nothing, AdamW's moments,
 * gradients too, parameters too.
 */
export type Sharding = 'none' | 'optimizer' | 'gradients' | 'parameters';

const stages = ['none', 'optimizer', 'gradients', 'parameters'] as const;

/** The number of a ZeRO stage. */
export const zeroStage = (sharding: Sharding): number => stages.indexOf(sharding);

/** The sharding of a ZeRO stage. @throws RangeError for a number that is none of 0 to 3 */
export function shardingOfStage(stage: number): Sharding {
  const found = stages[stage];
  if (found === undefined)
    throw new RangeError(`zero_stage: expected 0, 1, 2 or 3, got ${stage} — name a stage`);
  return found;
}
