import { input, isFloat, leavesOf, nameOf, replaceValues, type Value } from '@rag/onnx';
import { ArtifactError } from '../artifacts/error.js';
import type { ObjectiveGraph } from './objective.js';

/** What a segment computes in one mode, from its inputs, parameters and the boundary tensors before it. */
export interface SegmentPart {
  /** What the batch feeds. */
  readonly inputs: readonly Value[];
  /** Boundary tensors of segments before it, as inputs under their names. */
  readonly takes: readonly Value[];
  /** Boundary tensors by name; of the last segment the loss, the weight and the objective's outputs. */
  readonly yields: Readonly<Record<string, Value>>;
}

/**
 * The parts of a tracing between its cuts, in forward order. A part that reads a boundary tensor of any cut before it takes it; whatever
 * else it reads is computed in it again. What nothing reads is an input of the first: a batch may feed all that the objective declares.
 */
export function segmentParts({
  inputs,
  sum,
  weight,
  outputs = {},
  cuts = [],
}: ObjectiveGraph): SegmentPart[] {
  const boundary = new Map<Value, Value>();
  const ends = [...cuts, { loss: sum, weight, ...outputs }];
  const parts = ends.map((end): SegmentPart => {
    const names = Object.keys(end);
    const values = replaceValues(Object.values(end), boundary);
    const leaves = new Set(leavesOf(values));
    const part = {
      inputs: inputs.filter((value) => leaves.has(value)),
      takes: [...boundary.values()].filter((value) => leaves.has(value)),
      yields: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
    };
    for (const [name, value] of Object.entries(end)) {
      if (boundary.has(value))
        throw new ArtifactError(
          `cut "${name}"`,
          `expected a value of its own, got that of the cut "${nameOf(boundary.get(value)!)}" — name it once`,
        );
      boundary.set(value, input(name, value.dtype, value.shape));
    }
    return part;
  });
  const read = new Set(parts.flatMap((part) => part.inputs));
  const [first, ...others] = parts as [SegmentPart, ...SegmentPart[]];
  return [
    { ...first, inputs: inputs.filter((value) => first.inputs.includes(value) || !read.has(value)) },
    ...others,
  ];
}

/** How the gradient comes into a part and where it leaves it. */
export interface GradientFlow {
  /** Names of the boundary tensors that it yields and whose gradients arrive; of the last part none. */
  readonly arriving: readonly string[];
  /** Boundary tensors that it takes and whose gradients it yields: something before them is trained. */
  readonly leaving: readonly Value[];
  /** Its parameters that are trained. */
  readonly trained: readonly Value[];
}

/** The flow of each part, in forward order; undefined where nothing that is trained stands in it or before it. */
export function gradientFlows(
  parts: readonly SegmentPart[],
  trainable: (name: string) => boolean,
): (GradientFlow | undefined)[] {
  const isTrained = (value: Value): boolean => value.source.kind === 'parameter' && trainable(nameOf(value));
  /** Names of boundary tensors that depend on something that is trained. */
  const active = new Set<string>();
  for (const { takes, yields } of parts)
    for (const [name, value] of Object.entries(yields)) {
      const leaves = leavesOf([value]);
      if (
        isFloat(value.dtype) &&
        leaves.some((leaf) => isTrained(leaf) || (takes.includes(leaf) && active.has(nameOf(leaf))))
      )
        active.add(name);
    }
  const arrived = new Set<string>();
  const flows = parts.toReversed().map(({ takes, yields }, fromEnd): GradientFlow | undefined => {
    const arriving = fromEnd === 0 ? [] : Object.keys(yields).filter((name) => arrived.has(name));
    const ends = fromEnd === 0 ? [yields.loss!] : arriving.map((name) => yields[name]!);
    const leaves = new Set(leavesOf(ends));
    const leaving = takes.filter((value) => leaves.has(value) && active.has(nameOf(value)));
    const trained = [...leaves].filter(isTrained);
    if (leaving.length + trained.length === 0) return undefined;
    for (const value of leaving) arrived.add(nameOf(value));
    return { arriving, leaving, trained };
  });
  return flows.toReversed();
}
