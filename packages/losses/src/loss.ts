import { formatType, GraphError, isFloat, sameShape, type TensorType, type Value } from '@rag/onnx';

/**
 * What every loss of this package returns: two scalars of the logits' dtype (float32 in training).
 *
 * An update divides the sums by the weights of all its micro-batches and ranks together, so that n micro-batches equal
 * one batch. A row, pair or group that has nothing to say adds 0 to both; where the weight of a whole update is 0 there
 * is nothing to learn from, and the division is the caller's to refuse.
 */
export interface Loss {
  /** Summed over what `weight` counts. */
  readonly sum: Value;
  /** Rows, pairs or groups, as the loss says; carries no gradient. */
  readonly weight: Value;
}

/** What a pointwise loss reads: one logit per (query, document). */
export interface PointwiseInputs {
  /** [batch], floating point; the other inputs have its dtype. */
  readonly logits: Value;
  /** [batch] */
  readonly labels: Value;
  /** [batch], 1 for a row, 0 for masked filler; a fraction weighs a row less. Every row counts 1 without it. */
  readonly row_weight?: Value;
}

/** What a group loss reads: the documents of one query side by side, filler behind or between them. */
export interface GroupInputs {
  /** [groups, size], floating point; the other inputs have its dtype. */
  readonly logits: Value;
  /** [groups, size] */
  readonly labels: Value;
  /** [groups, size], 1 for a document, 0 for filler; whatever stands under filler, even NaN, changes nothing. */
  readonly mask: Value;
  /** [groups, size], another model's scores for the same documents. */
  readonly teacher_scores?: Value;
}

export type PointwiseLoss = (inputs: PointwiseInputs) => Loss;
export type GroupLoss = (inputs: GroupInputs) => Loss;

/** Throws `GraphError` unless the logits are floating point and of the named axes. */
export const expectLogits = (loss: string, logits: Value, axes: readonly string[]): void =>
  expectFloats(loss, 'logits', logits, axes);

/** Throws `GraphError` unless the value is floating point and of the named axes. */
export function expectFloats(loss: string, name: string, value: Value, axes: readonly string[]): void {
  if (!isFloat(value.dtype) || value.shape.length !== axes.length)
    throw new GraphError(
      loss,
      `expected floating-point ${name} [${axes.join(', ')}], got ${formatType(value)} — squeeze() or reshape() it`,
    );
}

/** Throws `GraphError` unless the value has the logits' dtype and shape. */
export function expectLikeLogits(loss: string, name: string, value: Value, logits: Value): void {
  if (value.dtype !== logits.dtype || !sameShape(value.shape, logits.shape))
    throw new GraphError(
      loss,
      `expected ${name} like the logits, ${formatType(logits)}, got ${formatType(value)} — cast() or reshape() it`,
    );
}

/** Throws `GraphError` unless the value has the type that follows from the loss's other inputs. */
export function expectFits(loss: string, name: string, value: Value, type: TensorType): void {
  if (value.dtype !== type.dtype || !sameShape(value.shape, type.shape))
    throw new GraphError(
      loss,
      `expected ${name} ${formatType(type)} beside the other inputs, got ${formatType(value)} — cast() or reshape() it`,
    );
}

/** The value of an option; throws `GraphError` unless it is finite and above 0. */
export function expectPositive(loss: string, option: string, value: number): number {
  if (!(value > 0) || !Number.isFinite(value))
    throw new GraphError(loss, `expected a ${option} above 0, got ${value} — leave it out for the default`);
  return value;
}
