import { Tensor } from '../tensor.js';
import { allocate } from './allocate.js';
import type { GroupedParameter, ParameterGroup } from './parameter-groups.js';
import { type Sharding, zeroStage } from './sharding.js';

/** Elements `from` … `to` of a group that this rank updates; in arrays of its own elements alone they begin at `at`. */
export interface OwnRange {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** What of a group's state can be whole or this rank's elements alone. */
export type GroupPart = 'value' | 'gradient' | 'first' | 'second';

/** The memory of a group on one rank. */
export interface GroupMemory {
  readonly group: ParameterGroup;
  /** One per bucket. */
  readonly ranges: readonly OwnRange[];
  /** All elements, where this rank has them: a part that is sharded is lent for a pass at most. */
  readonly whole: { [part in GroupPart]?: Float32Array };
  /** This rank's elements of the parts that are sharded, those of each range one behind the other. */
  readonly own: { readonly [part in GroupPart]?: Float32Array };
}

/** Memory of zeros for a rank's part of a group. */
export function groupMemory(group: ParameterGroup, rank: number, sharding: Sharding): GroupMemory {
  const stage = zeroStage(sharding);
  let at = 0;
  const ranges = group.buckets.map((bounds): OwnRange => {
    const [from, to] = stage === 0 ? [bounds[0]!, bounds.at(-1)!] : [bounds[rank]!, bounds[rank + 1]!];
    const range = { from, to, at };
    at += to - from;
    return range;
  });
  const lowest: Record<GroupPart, number> = { first: 1, second: 1, gradient: 2, value: 3 };
  const parts = Object.entries(lowest) as [GroupPart, number][];
  const arrays = (sharded: boolean) =>
    Object.fromEntries(
      parts
        .filter(([, from]) => stage >= from === sharded)
        .map(([part]) => [part, allocate([sharded ? at : group.length])]),
    );
  return { group, ranges, whole: arrays(false), own: arrays(true) };
}

/** A group's memory and one of its parameters. */
export interface PlacedParameter {
  readonly memory: GroupMemory;
  readonly parameter: GroupedParameter;
}

/** Every parameter by its name, in the order of the groups. */
export const placedParameters = (memories: readonly GroupMemory[]): ReadonlyMap<string, PlacedParameter> =>
  new Map(
    memories.flatMap((memory) =>
      memory.group.parameters.map((parameter) => [parameter.name, { memory, parameter }] as const),
    ),
  );

/** A parameter's elements within the whole of its group. */
export const wholeOf = (whole: Float32Array, { offset, length }: GroupedParameter): Float32Array =>
  whole.subarray(offset, offset + length);

export const tensorOf = (whole: Float32Array, parameter: GroupedParameter): Tensor =>
  new Tensor('float32', parameter.shape, wholeOf(whole, parameter));

/** Elements `from` … `to` of a parameter that this rank updates; `at` is where they stand in arrays of its own, `place` in the group. */
export interface OwnPiece {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly place: number;
}

/** This rank's pieces of a parameter, one per bucket that it lies in. */
export function piecesOf({ ranges }: GroupMemory, { offset, length }: GroupedParameter): OwnPiece[] {
  return ranges.flatMap((range) => {
    const place = Math.max(range.from, offset);
    const end = Math.min(range.to, offset + length);
    return place < end
      ? [{ from: place - offset, to: end - offset, at: range.at + place - range.from, place }]
      : [];
  });
}

/** The elements of a piece, wherever this rank has them. */
export function pieceOf(
  { whole, own }: GroupMemory,
  part: GroupPart,
  { from, to, at, place }: OwnPiece,
): Float32Array {
  const share = own[part];
  return share ? share.subarray(at, at + to - from) : whole[part]!.subarray(place, place + to - from);
}

/** Writes a parameter's elements into those that this rank has. */
export function putParameter(
  { memory, parameter }: PlacedParameter,
  part: GroupPart,
  data: Float32Array,
): void {
  if (memory.own[part])
    for (const piece of piecesOf(memory, parameter))
      pieceOf(memory, part, piece).set(data.subarray(piece.from, piece.to));
  else wholeOf(memory.whole[part]!, parameter).set(data);
}
