import {
  abs,
  add,
  and,
  constant,
  div,
  greater,
  lessOrEqual,
  log,
  max,
  mul,
  neg,
  pow,
  reciprocal,
  reduceMax,
  reduceSum,
  sub,
  type Value,
  where,
} from '@rag/onnx';
import { differences } from './pairs.js';
import { ranks } from './ranks.js';

/** 1 / log₂(1 + rank), the discount of DCG (Järvelin & Kekäläinen 2002); rank ≥ 1. */
export const inverseDiscount = (rank: Value): Value => mul(reciprocal(log(add(rank, 1))), Math.LN2);

/**
 * (2^label − 1) / maxDCG@k of each document, [groups, size]; 0 in groups whose labels are all 0.
 *
 * Numerator and denominator are divided by 2^(highest label of the group), so no label is too high.
 *
 * @param labels [groups, size], at least 0, and 0 under filler
 */
export function gains(labels: Value, real: Value, k: number | undefined): Value {
  const highest = reduceMax(labels, [1], true);
  const two = constant(2, labels.dtype);
  const gain = sub(pow(two, sub(labels, highest)), pow(two, neg(highest)));
  const ideal = ranks(labels, real);
  const discounted = mul(gain, inverseDiscount(ideal));
  const inReach = k === undefined ? real : and(real, lessOrEqual(ideal, k));
  const maxDcg = reduceSum(where(inReach, discounted, 0), [1], true);
  return div(gain, where(greater(maxDcg, 0), maxDcg, 1));
}

/**
 * What swapping two documents can do to DCG per unit of gain: |1/D(r_i) − 1/D(r_j)| + μ·(1/D(n) − 1/D(n + 1)) with
 * D(r) = log₂(1 + r) and n = |r_i − r_j|; ranks [groups, size] to [groups, size, size].
 */
export function swapWeights(rank: Value, mu: number): Value {
  const rho = abs(differences(inverseDiscount(rank)));
  // Distance 0 is the diagonal or filler: no pair, but kept finite.
  const distance = max(abs(differences(rank)), 1);
  const delta = sub(inverseDiscount(distance), inverseDiscount(add(distance, 1)));
  return add(rho, mul(delta, mu));
}
