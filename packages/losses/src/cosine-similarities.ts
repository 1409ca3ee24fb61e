import {
  formatType,
  GraphError,
  greater,
  matmul,
  mul,
  reciprocal,
  reduceSum,
  scope,
  sqrt,
  transpose,
  type Value,
  where,
} from '@rag/onnx';
import { expectFits, expectFloats } from './loss.js';

/**
 * Squared length below which a vector counts as zero: PyTorch's `normalize` bounds the length by 1e-12, where its
 * gradient is 1e12 times too large to learn from.
 */
const ZERO = 1e-24;

/** x / ‖x‖₂ along the last axis; a zero vector stays zero and takes no gradient. */
export function unitVectors(x: Value): Value {
  const squared = reduceSum(mul(x, x), [-1], true);
  const nonZero = greater(squared, ZERO);
  return mul(x, where(nonZero, reciprocal(sqrt(where(nonZero, squared, 1))), 0));
}

/**
 * Cosines of every vector of `a` with every vector of `b`: [m, dim] and [n, dim] to [m, n]. A zero vector's are 0, and
 * no gradient reaches it. Vectors of filler must be finite numbers.
 * Throws `GraphError` where the types do not fit.
 */
export function cosineSimilarities(a: Value, b: Value): Value {
  expectFloats('cosineSimilarities', 'vectors', a, ['m', 'dim']);
  expectFloats('cosineSimilarities', 'vectors', b, ['n', 'dim']);
  if (a.dtype !== b.dtype || a.shape[1] !== b.shape[1])
    throw new GraphError(
      'cosineSimilarities',
      `expected vectors of one dtype and width, got ${formatType(a)} and ${formatType(b)} — cast() or slice() one`,
    );
  return scope('cosineSimilarities', () => matmul(unitVectors(a), transpose(unitVectors(b))));
}

/**
 * Cosine of each row of `a` with the same row of `b`: two [rows, dim] to [rows]. Zero vectors as above.
 * Throws `GraphError` where the types do not fit.
 */
export function pairCosines(a: Value, b: Value): Value {
  expectFloats('pairCosines', 'vectors', a, ['rows', 'dim']);
  expectFits('pairCosines', 'vectors', b, a);
  return scope('pairCosines', () => reduceSum(mul(unitVectors(a), unitVectors(b)), [1]));
}
