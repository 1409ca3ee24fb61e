import { mul, sigmoid, sub } from '@rag/onnx';
import type { Loss, PointwiseInputs } from './loss.js';
import { overRows } from './rows.js';

/**
 * Squared error between sigmoid(logit) and label.
 *
 * Formula: ℓ = (σ(z) − y)²
 * Inputs: logits z [batch], labels y [batch] in 0…1; row_weight [batch] optional.
 * Weight: rows (Σ row_weight).
 * Reference: RAG-Retrieval's `point_mse`/`pointwise_mse`, the seeds' `regression_mse`. (sentence-transformers' MSELoss
 * compares the logit itself.)
 * Neighbours: `binaryCrossEntropy` keeps a gradient where the sigmoid is flat; `marginMse` matches differences of raw
 * scores.
 * Degenerate: rows of weight 0 add 0 to both; a saturated logit (|z| > 18) has gradient 0, right or wrong.
 */
export const meanSquaredError = (inputs: PointwiseInputs): Loss =>
  overRows('meanSquaredError', inputs, (logits, labels) => {
    const error = sub(sigmoid(logits), labels);
    return mul(error, error);
  });
