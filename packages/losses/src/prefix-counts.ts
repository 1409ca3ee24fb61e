import {
  add,
  cast,
  cumSum,
  equal,
  floor,
  gatherElements,
  mul,
  pad,
  scatterElements,
  sub,
  type Value,
  where,
} from '@rag/onnx';

/** What `prefixCounts` is asked, one question per column; float32 whole numbers below 2^levels. */
export interface PrefixQuestions {
  /** Places 0, 1, …; [1, n]. */
  readonly places: Value;
  /** [lists, n]: each row a permutation of the places. */
  readonly order: Value;
  /** [1, questions]: the place that others are compared with. */
  readonly pivots: Value;
  /** [lists, questions]: how many elements of `order` are looked at, from its start; 0…n. */
  readonly lengths: Value;
}

/**
 * How many of the first `length` elements of a permutation are below and above a pivot, for n questions in O(n·log n)
 * and without a sort: [lists, questions] each. Counts are exact; no gradient passes.
 *
 * A wavelet tree (Grossi et al. 2003) walked from the highest bit: at each level every node holds an aligned run of
 * 2^(bit+1) places in the order of the permutation, and is split stably by the bit. Since the elements are a
 * permutation, the node of a place starts at the place's own multiple of the node's size.
 *
 * @param levels bits of the largest place
 */
export function prefixCounts(
  { places, order, pivots, lengths }: PrefixQuestions,
  levels: number,
): { below: Value; above: Value } {
  let [elements, ends] = [order, lengths];
  let below = mul(lengths, 0);
  let above = below;
  for (let bit = levels - 1; bit >= 0; bit--) {
    const half = 2 ** bit;
    const startOf = (place: Value) => mul(floor(mul(place, 1 / (2 * half))), 2 * half);
    const isHigh = (place: Value) => sub(floor(mul(place, 1 / half)), mul(floor(mul(place, 0.5 / half)), 2));
    const high = isHigh(elements);
    // Elements with the bit clear before each place; nodes before a node are full, so half of them lie there.
    const clear = pad(cumSum(sub(1, high), 1), [0, 1], [0, 0]);
    const start = startOf(pivots);
    const low = sub(gatherElements(clear, cast(ends, 'int64'), 1), mul(start, 0.5));
    const rest = sub(sub(ends, start), low);
    const goesHigh = equal(isHigh(pivots), 1);
    below = where(goesHigh, add(below, low), below);
    above = where(goesHigh, above, add(above, rest));
    if (bit === 0) break;
    ends = add(start, where(goesHigh, add(rest, half), low));
    const nodeStart = startOf(places);
    const before = sub(sub(cumSum(sub(1, high), 1), sub(1, high)), mul(nodeStart, 0.5));
    const target = where(equal(high, 1), sub(add(places, half), before), add(nodeStart, before));
    elements = scatterElements(elements, cast(target, 'int64'), elements, 1);
  }
  return { below, above };
}
