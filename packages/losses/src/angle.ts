import {
  abs,
  add,
  GraphError,
  greater,
  mul,
  reduceSum,
  scope,
  slice,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@rag/onnx';
import { type CoSentOptions, orderLoss } from './co-sent.js';
import { unitVectors } from './cosine-similarities.js';
import { expectFits, expectFloats, type Loss } from './loss.js';
import type { PairScoreInputs } from './scored-pairs.js';

/** What a loss over pairs of vectors reads. */
export interface PairVectorInputs extends Omit<PairScoreInputs, 'scores'> {
  /** [rows, dim], floating point, dim even; any length. */
  readonly first: Value;
  /** [rows, dim] */
  readonly second: Value;
}

/**
 * AnglE: CoSENT's order of the angle between complex vectors, whose gradient does not vanish where a cosine saturates.
 *
 * Formula: `coSent` of a(x, y) = |Σ_k Re z_k + Im z_k|, z = (x_re + i·x_im)·conj(y_re + i·y_im) / (‖x‖·‖y‖), where the
 * first half of a vector is its real and the second its imaginary part
 * Inputs: first x and second y [rows, dim], labels [rows], row_weight [rows] optional.
 * Weight: rows (Σ row_weight).
 * Reference: Li & Li 2023 (https://arxiv.org/abs/2309.12871), its third term; sentence-transformers' AnglELoss.
 * Neighbours: `coSent` orders cosines, and the two are often added.
 * Degenerate: as `coSent`; a zero vector's similarity is 0, and no gradient reaches it.
 * Throws `GraphError` where types do not fit, for an odd dim, or a scale that is not above 0.
 */
export function angle(inputs: PairVectorInputs, options: CoSentOptions = {}): Loss {
  const { first, second, labels, row_weight } = inputs;
  expectFloats('angle', 'first', first, ['rows', 'dim']);
  expectFits('angle', 'second', second, first);
  expectFits('angle', 'labels', labels, { dtype: first.dtype, shape: [first.shape[0]!] });
  if (row_weight) expectFits('angle', 'row_weight', row_weight, labels);
  const scores = scope('angle', () => {
    const real = (v: Value) => (row_weight ? where(unsqueeze(greater(row_weight, 0), [1]), v, 0) : v);
    return angleSimilarity(real(first), real(second));
  });
  return orderLoss('angle', { scores, labels, ...(row_weight && { row_weight }) }, options);
}

/** |Σ Re z + Im z| of each row, [rows]. */
function angleSimilarity(first: Value, second: Value): Value {
  const dim = first.shape[1]!;
  if (typeof dim !== 'number' || dim % 2 !== 0)
    throw new GraphError(
      'angle',
      `expected an even dim that is known when the graph is built, got ${dim} — widen the last layer by one, or take coSent`,
    );
  const halves = (v: Value) => {
    const unit = unitVectors(v);
    return [slice(unit, [0], [dim / 2], [1]), slice(unit, [dim / 2], [dim], [1])] as const;
  };
  const [[a, b], [c, d]] = [halves(first), halves(second)];
  const [real, imaginary] = [add(mul(a, c), mul(b, d)), sub(mul(b, c), mul(a, d))];
  return abs(reduceSum(add(real, imaginary), [1]));
}
