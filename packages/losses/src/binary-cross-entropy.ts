import { add, mul, neg, softplus, sub } from '@rag/onnx';
import type { Loss, PointwiseInputs } from './loss.js';
import { overRows } from './rows.js';

/**
 * Binary cross-entropy on logits: the default for a cross-encoder with judged or scored pairs.
 *
 * Formula: ℓ = y·softplus(−z) + (1 − y)·softplus(z), which is −y·log σ(z) − (1 − y)·log(1 − σ(z)) without either
 * overflow or the cancellation of softplus(z) − y·z.
 * Inputs: logits z [batch], labels y [batch] in 0…1, hard or soft; row_weight [batch] optional.
 * Weight: rows (Σ row_weight).
 * Reference: RAG-Retrieval's `point_ce`/`pointwise_bce`, the seeds' `classfication` (hard labels) and `regression_ce`
 * (soft labels); sentence-transformers' BinaryCrossEntropyLoss.
 * Neighbours: `meanSquaredError` punishes a confident mistake less; `groupSoftmax` compares the documents of a query.
 * Degenerate: rows of weight 0 add 0 to both; a batch of one label is an ordinary batch.
 */
export const binaryCrossEntropy = (inputs: PointwiseInputs): Loss =>
  overRows('binaryCrossEntropy', inputs, (logits, labels) =>
    add(mul(labels, softplus(neg(logits))), mul(sub(1, labels), softplus(logits))),
  );
