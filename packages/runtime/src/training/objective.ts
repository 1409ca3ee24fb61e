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
  /**
   * Values at which the plan is cut into segments, in forward order: what stands between an encoder's layers, or the vectors between an
   * encoder and a loss over a batch. What a segment reads besides is computed in it again.
   */
  readonly cuts?: readonly Readonly<Record<string, Value>>[];
  /** A value of the cut at which a batch may come in chunks. */
  readonly chunkCut?: string;
}

/** The gradient that arrives at a boundary tensor. */
export const boundaryGradient = (name: string): string => `${name}.gradient`;

/** Both tracings are cut at the same values, count in one number, and name no result as the loss, a boundary or a gradient is named. */
export function checkObjective(train: ObjectiveGraph, evaluation: ObjectiveGraph): void {
  const [cuts, others] = [cutNames(train), cutNames(evaluation)];
  if (cuts !== others || [train, evaluation].some((graph) => graph.cuts?.some(isEmpty)))
    throw new ArtifactError(
      'cuts',
      `expected the same values in training and evaluation, got ${cuts} and ${others} — name at least one in each cut of both`,
    );
  const names = (train.cuts ?? []).flatMap(Object.keys);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new ArtifactError('cuts', `expected each value once, got "${twice}" in two cuts — name them apart`);
  const { chunkCut } = train;
  if (chunkCut !== evaluation.chunkCut || (chunkCut !== undefined && !names.includes(chunkCut)))
    throw new ArtifactError(
      'chunkCut',
      `expected a value of a cut (${names.join(', ') || 'there are none'}), the same in training and evaluation, got "${chunkCut}" and "${evaluation.chunkCut}"`,
    );
  for (const { weight, outputs = {} } of [train, evaluation]) {
    if (weight.shape.length > 0)
      throw new ArtifactError(
        'weight',
        `expected a scalar, got [${weight.shape.join(', ')}] — reduceSum() it`,
      );
    for (const name of Object.keys(outputs))
      if (
        ['loss', 'weight', ...names].includes(name) ||
        name.endsWith(boundaryGradient('')) ||
        isGradientName(name)
      )
        throw new ArtifactError(
          `output "${name}"`,
          'expected a name of its own, got one of the loss, the weight, a boundary or a gradient — rename it',
        );
  }
}

const cutNames = ({ cuts = [] }: ObjectiveGraph): string =>
  `[${cuts.map((cut) => Object.keys(cut).toSorted().join(', ')).join(' | ')}]`;

const isEmpty = (cut: Readonly<Record<string, Value>>): boolean => Object.keys(cut).length === 0;
