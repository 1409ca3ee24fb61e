import {
  add,
  and,
  cast,
  cumSum,
  equal,
  greater,
  less,
  lessOrEqual,
  min,
  or,
  reduceSum,
  unsqueeze,
  type Value,
} from '@rag/onnx';

/**
 * Ranks 1, 2, … of the documents of each group by descending score; among equals the earlier position comes first.
 * Counted by comparison, so that no gradient passes and sizes may be symbolic. x and bool real are [groups, size]; the
 * rank of filler is a number ≥ 1 without meaning.
 */
export function ranks(x: Value, real: Value): Value {
  const [own, other] = [unsqueeze(x, [2]), unsqueeze(x, [1])];
  const position = cumSum(cast(real, x.dtype), 1);
  const earlier = less(unsqueeze(position, [1]), unsqueeze(position, [2]));
  const ahead = and(unsqueeze(real, [1]), or(greater(other, own), and(equal(other, own), earlier)));
  return add(reduceSum(cast(ahead, x.dtype), [2]), 1);
}

/** Pairs of ranks [groups, size] of which one at least is within the first k; bool [groups, size, size]. */
export const withinFirst = (rank: Value, k: number): Value =>
  lessOrEqual(min(unsqueeze(rank, [2]), unsqueeze(rank, [1])), k);
