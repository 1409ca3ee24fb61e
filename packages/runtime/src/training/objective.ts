import type { Value } from '@rag/onnx';

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
