import { elementCount } from '../artifacts/checkpoint.js';
import type { ComputeOptions } from './compute.js';
import { type ParameterGroup, parameterGroups } from './parameter-groups.js';
import type { Plan } from './plan.js';
import { zeroStage } from './sharding.js';

/** Bytes of the state of what is trained, on the rank that has most. */
export interface StateBytes {
  readonly parameters: number;
  readonly gradients: number;
  /** AdamW's m and v. */
  readonly moments: number;
  /** Of what lies in shares and is whole for a pass; absent where nothing is. */
  readonly lent?: number;
}

/** The state of trained parameters by what ranks share of it. */
export function stateBytes(
  { segments, initial }: Pick<Plan, 'segments' | 'initial'>,
  { collective, sharding = 'none' }: Pick<ComputeOptions, 'collective' | 'sharding'>,
): StateBytes {
  const ranks = collective?.size ?? 1;
  if (ranks === 1) {
    const bytes = 4 * initial.trainable.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    return { parameters: bytes, gradients: bytes, moments: 2 * bytes };
  }
  const groups = parameterGroups(segments, initial.trainable, ranks);
  const whole = 4 * groups.reduce((sum, { length }) => sum + length, 0);
  const shares = Array.from({ length: ranks }, (_, rank) =>
    groups
      .flatMap(({ buckets }) => buckets)
      .reduce((sum, bounds) => sum + 4 * (bounds[rank + 1]! - bounds[rank]!), 0),
  );
  const share = Math.max(...shares);
  const stage = zeroStage(sharding);
  return {
    parameters: stage >= 3 ? share : whole,
    gradients: stage >= 2 ? share : whole,
    moments: 2 * (stage >= 1 ? share : whole),
    ...(stage >= 2 && { lent: lentBytes(groups, stage >= 3) }),
  };
}

/**
 * The arrays that passes take from a pool, which keeps them: gradients of a segment and of the one behind it, whose sum is on its way, and
 * parameters of a segment.
 */
function lentBytes(groups: readonly ParameterGroup[], values: boolean): number {
  const alike = new Map<number, number>();
  for (const { length, segments } of groups) alike.set(length, (alike.get(length) ?? 0) + segments.length);
  return [...alike].reduce(
    (sum, [length, passes]) => sum + 4 * length * (Math.min(passes, 2) + (values ? 1 : 0)),
    0,
  );
}
