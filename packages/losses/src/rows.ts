import { cast, greater, mul, reduceSum, scope, shapeOf, type Value, where } from '@rag/onnx';
import { expectLikeLogits, expectLogits, type Loss, type PointwiseInputs } from './loss.js';

/**
 * A pointwise loss from the loss of each row: Σ row_weight·rowLoss(logits, labels) with weight Σ row_weight.
 *
 * Logits and labels are set to 0 under a weight of 0 before anything is computed, so filler can hold anything.
 * Throws `GraphError` where the inputs' types do not fit.
 *
 * @param rowLoss [batch] logits and [batch] labels to [batch] losses
 */
export function overRows(
  loss: string,
  { logits, labels, row_weight }: PointwiseInputs,
  rowLoss: (logits: Value, labels: Value) => Value,
): Loss {
  expectLogits(loss, logits, ['batch']);
  expectLikeLogits(loss, 'labels', labels, logits);
  return scope(loss, () => {
    if (!row_weight)
      return {
        sum: reduceSum(rowLoss(logits, labels)),
        weight: reduceSum(cast(shapeOf(logits), logits.dtype)),
      };
    expectLikeLogits(loss, 'row_weight', row_weight, logits);
    const real = greater(row_weight, 0);
    const losses = rowLoss(where(real, logits, 0), where(real, labels, 0));
    return { sum: reduceSum(mul(losses, row_weight)), weight: reduceSum(row_weight) };
  });
}
