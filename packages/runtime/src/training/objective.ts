import type { Value } from '@rag/onnx';
import { ArtifactError } from '../artifacts/error.js';
import { isGradientName } from '../artifacts/names.js';

/**
 * What a task hands to training: the graph of its loss, written once for training (dropout on) and once for evaluation.
 * The session knows nothing of models, tokens or labels.
 */
export interface Objective {
  build(mode: 'train' | 'eval'): ObjectiveGraph;
}

/** One tracing of an objective. */
export interface ObjectiveGraph {
  /** Everything that is fed with a batch. */
  readonly inputs: readonly Value[];
  /** The loss summed over what `weight` counts, a float scalar. */
  readonly sum: Value;
  /** Rows, pairs or groups in the batch, a float scalar; an update divides by the weight of all its batches. */
  readonly weight: Value;
  /** Further results by name, e.g. `logits`. */
  readonly outputs?: Readonly<Record<string, Value>>;
  /** Values at which the plan is cut in two segments, e.g. the vectors between an encoder and a loss over a batch. */
  readonly cut?: Readonly<Record<string, Value>>;
}

/** The gradient that arrives at a boundary tensor. */
export const boundaryGradient = (name: string): string => `${name}.gradient`;

/** Both tracings are cut at the same values, count in one number, and name no result as the loss or a gradient is named. */
export function checkObjective(train: ObjectiveGraph, evaluation: ObjectiveGraph): void {
  const cuts = [train, evaluation].map(({ cut }) => cut && Object.keys(cut).toSorted().join(', '));
  if (cuts[0] !== cuts[1] || cuts[0] === '')
    throw new ArtifactError(
      'cut',
      `expected the same values in training and evaluation, got [${cuts.map((names) => names ?? '').join('] and [')}] — name at least one in both`,
    );
  for (const { weight, outputs = {} } of [train, evaluation]) {
    if (weight.shape.length > 0)
      throw new ArtifactError(
        'weight',
        `expected a scalar, got [${weight.shape.join(', ')}] — reduceSum() it`,
      );
    for (const name of Object.keys(outputs))
      if (name === 'loss' || name === 'weight' || name.endsWith(boundaryGradient('')) || isGradientName(name))
        throw new ArtifactError(
          `output "${name}"`,
          'expected a name of its own, got one of the loss, the weight or a gradient — rename it',
        );
  }
}
