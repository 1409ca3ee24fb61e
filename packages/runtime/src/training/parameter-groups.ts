import { elementCount } from '../artifacts/checkpoint.js';
import type { PlannedParameter } from './initial-state.js';
import type { Segment } from './plan.js';
import { declaredInputs } from './segment-inputs.js';
import { namingOf } from './segment-names.js';

/** A parameter within the memory of its group. */
export interface GroupedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Elements. */
  readonly offset: number;
  readonly length: number;
}

/** Parameters that the same segments read, one behind the other in memory; what ranks sum, share and gather at once. */
export interface ParameterGroup {
  /** Places of those segments in the plan, rising. */
  readonly segments: readonly number[];
  readonly parameters: readonly GroupedParameter[];
  /** Elements, those between parameters included. */
  readonly length: number;
  /** The group in parts of bounded size, each as its ranks' bounds: rank r has elements `bounds[r]` … `bounds[r + 1]` of the group. */
  readonly buckets: readonly (readonly number[])[];
}

/** Elements that one call of a collective takes at most: 32 MiB, some layers of a small encoder or a part of a table of words. */
export const BUCKET_ELEMENTS = 2 ** 23;

/** Parameters begin at multiples of so many elements, 64 bytes, as allocators give them. */
const ALIGNMENT = 16;

/** The trained parameters of a plan by the segments that read them, in order of the first. */
export function parameterGroups(
  segments: readonly Segment[],
  trainable: readonly PlannedParameter[],
  ranks: number,
  bucket = BUCKET_ELEMENTS,
): readonly ParameterGroup[] {
  const read = segments.map(readBy);
  const lists = new Map<string, { segments: number[]; parameters: PlannedParameter[] }>();
  for (const parameter of trainable) {
    const places = [...read.keys()].filter((i) => read[i]!.has(parameter.name));
    const list = lists.get(places.join()) ?? { segments: places, parameters: [] };
    lists.set(places.join(), list);
    list.parameters.push(parameter);
  }
  return [...lists.values()]
    .toSorted((a, b) => (a.segments[0] ?? 0) - (b.segments[0] ?? 0))
    .map((list) => {
      let offset = 0;
      const parameters = list.parameters.map(({ name, shape }): GroupedParameter => {
        const placed = { name, shape, offset, length: elementCount(shape) };
        offset += Math.ceil(placed.length / ALIGNMENT) * ALIGNMENT;
        return placed;
      });
      return {
        segments: list.segments,
        parameters,
        length: offset,
        buckets: bucketsOf(offset, ranks, bucket),
      };
    });
}

function readBy(segment: Segment): ReadonlySet<string> {
  const { trainingModel, forwardModel, evalModel } = segment;
  const models = [trainingModel, forwardModel, evalModel].filter((model) => model !== undefined);
  return new Set(models.flatMap(declaredInputs).map(namingOf(segment)));
}

function bucketsOf(length: number, ranks: number, most: number): number[][] {
  const count = Math.ceil(length / most);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((length * i) / count), Math.floor((length * (i + 1)) / count)];
    return Array.from({ length: ranks + 1 }, (_, rank) => from + Math.floor(((to - from) * rank) / ranks));
  });
}
