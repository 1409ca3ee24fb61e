import { elementCount } from '../artifacts/checkpoint.js';
import { bufferPool } from './array-pool.js';
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
    ...(stage >= 2 && { lent: lentBytes(groups, segments.length, stage >= 3) }),
  };
}

/**
 * What the pool of passes comes to hold: parameters of a segment, gradients of it and of the one behind it, whose sum is on its way. Goes
 * through the passes of an update as `rankedRunners` does.
 */
function lentBytes(groups: readonly ParameterGroup[], segments: number, values: boolean): number {
  const pool = bufferPool((length) => ({ length }));
  const groupsOf = (place: number) => groups.filter((group) => group.segments.includes(place));
  const lend = (place: number) => (values ? groupsOf(place).map(({ length }) => pool.take(length)) : []);
  for (let place = 0; place < segments; place++) for (const lent of lend(place)) pool.give(lent);
  let summed: { readonly length: number }[] = [];
  for (let place = segments - 1; place >= 0; place--) {
    const lent = lend(place);
    for (const gradient of summed.slice(0, -1)) pool.give(gradient);
    summed = summed.slice(-1);
    summed.push(...groupsOf(place).map(({ length }) => pool.take(length)));
    for (const value of lent) pool.give(value);
  }
  return 4 * pool.held;
}
