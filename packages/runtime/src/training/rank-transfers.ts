import type { Collective } from '../collectives/collective.js';
import type { ArrayPool } from './array-pool.js';
import { type GroupMemory, type GroupPart, pieceOf, piecesOf } from './group-memory.js';
import type { GroupedParameter } from './parameter-groups.js';

/** A bucket's elements, and its bounds within them. */
const bucketOf = (whole: Float32Array, bounds: readonly number[]) => {
  const [first, end] = [bounds[0]!, bounds.at(-1)!];
  return { data: whole.subarray(first, end), bounds: bounds.map((bound) => bound - first) };
};

/**
 * Begins to sum a group's gradients over ranks: on every rank where none are sharded, else this rank's elements, whose others are undefined
 * then. Where gradients are sharded the sums are added to this rank's, and the whole array is given back to the pool. All calls are
 * started before it returns its promise.
 */
export async function reduceGradients(
  memory: GroupMemory,
  collective: Collective,
  pool: ArrayPool,
): Promise<void> {
  const { group, ranges, whole, own } = memory;
  const gradients = whole.gradient!;
  if (own.gradient) delete whole.gradient;
  await Promise.all(
    group.buckets.map((bounds) => {
      const bucket = bucketOf(gradients, bounds);
      return own.first
        ? collective.reduceScatter(bucket.data, bucket.bounds)
        : collective.allReduce(bucket.data);
    }),
  );
  if (!own.gradient) return;
  for (const { from, to, at } of ranges) {
    const sum = own.gradient.subarray(at, at + to - from);
    const addend = gradients.subarray(from, to);
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + addend[i]!;
  }
  pool.give(gradients);
}

/** Gathers a part of a group whole from the ranks' elements of it; all calls are started before it returns its promise. */
export async function gatherWhole(
  group: GroupMemory['group'],
  whole: Float32Array,
  collective: Collective,
): Promise<void> {
  await Promise.all(
    group.buckets.map((bounds) => {
      const bucket = bucketOf(whole, bounds);
      return collective.allGather(bucket.data, bucket.bounds);
    }),
  );
}

/** Makes a group's parameters whole for a pass, in memory of the pool; by all ranks. All calls are started before it returns its promise. */
export async function lendValues(
  memory: GroupMemory,
  collective: Collective,
  pool: ArrayPool,
): Promise<void> {
  const { group, ranges, whole, own } = memory;
  if (!own.value) return;
  const lent = pool.take(group.length);
  for (const { from, to, at } of ranges) lent.set(own.value.subarray(at, at + to - from), from);
  whole.value = lent;
  await gatherWhole(group, lent, collective);
}

/** Lets go of what `lendValues` made. */
export function returnValues({ whole, own }: GroupMemory, pool: ArrayPool): void {
  if (!own.value || !whole.value) return;
  pool.give(whole.value);
  delete whole.value;
}

/** One parameter's part as all ranks have it together, in an array of its own; by all ranks. */
export async function gatherParameter(
  memory: GroupMemory,
  parameter: GroupedParameter,
  part: GroupPart,
  collective: Collective,
): Promise<Float32Array> {
  const { offset, length } = parameter;
  const gathered = new Float32Array(length);
  for (const piece of piecesOf(memory, parameter)) gathered.set(pieceOf(memory, part, piece), piece.from);
  await Promise.all(
    memory.group.buckets.map(async (bounds) => {
      const within = bounds.map((bound) => Math.min(Math.max(bound - offset, 0), length));
      if (within[0] !== within.at(-1)) await collective.allGather(gathered, within);
    }),
  );
  return gathered;
}
