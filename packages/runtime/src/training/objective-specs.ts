import { leavesOf, nameOf, type Shape, type Value } from '@rag/onnx';
import type { Objective } from './objective.js';

/** What an objective's training graph reads. */
export interface ObjectiveSpecs {
  /** In order of first use. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** What a batch feeds, with symbolic sizes. */
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
}

/** What an objective reads in training, without compiling it. */
export function objectiveSpecs(objective: Objective): ObjectiveSpecs {
  const { inputs, sum, weight, outputs = {} } = objective.build('train');
  const leaves = leavesOf([sum, weight, ...Object.values(outputs)]);
  const spec = (value: Value) => ({ name: nameOf(value), shape: value.shape });
  return {
    parameters: leaves
      .filter(({ source }) => source.kind === 'parameter')
      .map((value) => ({ name: nameOf(value), shape: value.shape as readonly number[] })),
    inputs: inputs.map(spec),
  };
}
