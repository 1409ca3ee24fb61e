import {
  add,
  concat,
  constant,
  logSoftmax,
  mul,
  neg,
  reshape,
  scope,
  slice,
  squeeze,
  sub,
  unsqueeze,
  where,
} from '@rag/onnx';
import { ABSENT } from './groups.js';
import { expectPositive, type Loss } from './loss.js';
import { orderedPairs } from './pairs.js';
import { type PairScoreInputs, readPairs } from './scored-pairs.js';

export interface CoSentOptions {
  /** Multiplies the scores. Default 20. */
  readonly scale?: number;
}

/**
 * CoSENT: of any two pairs of the batch, the one with the higher label shall score higher.
 *
 * Formula: ℓ = log(1 + Σ over rows y_i > y_j of e^{scale·(s_j − s_i)}), one number for the batch, which counts as often
 * as the batch has rows: sum = Σ row_weight·ℓ
 * Inputs: scores s [rows] (cosines), labels y [rows] (degrees of similarity, any numbers), row_weight [rows] optional.
 * Weight: rows (Σ row_weight).
 * Reference: Su 2022 (https://kexue.fm/archives/8847); sentence-transformers' CoSENTLoss.
 * Neighbours: `angle` takes the same loss of another similarity; `rankNet` adds up the logarithms pair by pair;
 * `pairKlDivergence` asks for the distances of the labels, not only for their order.
 * Degenerate: a batch of equal labels, or of one row, has loss 0 and counts; filler adds 0 to both.
 * Throws `GraphError` where types do not fit or the scale is not above 0.
 */
export function coSent(inputs: PairScoreInputs, options: CoSentOptions = {}): Loss {
  return orderLoss('coSent', inputs, options);
}

/** The loss above under the name of the loss whose similarity it orders. */
export function orderLoss(loss: string, inputs: PairScoreInputs, options: CoSentOptions): Loss {
  const scale = expectPositive(loss, 'scale', options.scale ?? 20);
  return scope(loss, () => {
    const { real, scores, labels, logWeights, weight } = readPairs(loss, inputs);
    // The batch as one group: [1, rows], pairs [1, rows, rows].
    const { ordered } = orderedPairs({ real: unsqueeze(real, [0]) }, unsqueeze(labels, [0]));
    const scaled = mul(scores, scale);
    const [higher, lower] = [sub(logWeights, scaled), add(logWeights, scaled)];
    const exponents = add(unsqueeze(higher, [1]), unsqueeze(lower, [0]));
    const listed = reshape(where(squeeze(ordered, [0]), exponents, ABSENT), [1, -1]);
    // −log softmax of a 0 beside them is log(1 + Σ e^x).
    const logP = logSoftmax(concat([constant([0], scores.dtype, [1, 1]), listed], 1));
    const ofBatch = neg(squeeze(slice(logP, [0], [1], [1]), [0, 1]));
    return { sum: mul(weight, ofBatch), weight };
  });
}
