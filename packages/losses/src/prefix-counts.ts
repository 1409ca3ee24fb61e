import {
  add,
  cast,
  concat,
  constant,
  cumSum,
  floor,
  gatherElements,
  mul,
  pad,
  scatterElements,
  shapeOf,
  slice,
  split,
  sub,
  type Value,
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
  const length = slice(shapeOf(order), [1], [2], [0]);
  let [elements, ends] = [order, lengths];
  let below = mul(lengths, 0);
  let above = below;
  for (let bit = levels - 1; bit >= 0; bit--) {
    const half = 2 ** bit;
    const nodeOf = (place: Value) => mul(floor(mul(place, 0.5 / half)), 2 * half);
    // 1 where the bit is set, else 0.
    const bitOf = (place: Value) => sub(floor(mul(place, 1 / half)), mul(floor(mul(place, 0.5 / half)), 2));
    const choose = (chosen: Value, a: Value, b: Value) => add(b, mul(chosen, sub(a, b)));
    const [set, pivotSet] = [bitOf(elements), bitOf(pivots)];
    // Elements with the bit clear before each place, and at the end: nodes before a node are full, half of them clear.
    const clear = pad(cumSum(sub(1, set), 1), [0, 1], [0, 0]);
    const start = nodeOf(pivots);
    const low = sub(gatherElements(clear, cast(ends, 'int64'), 1), mul(start, 0.5));
    const high = sub(sub(ends, start), low);
    below = add(below, mul(low, pivotSet));
    above = add(above, mul(high, sub(1, pivotSet)));
    if (bit === 0) break;
    ends = add(start, choose(pivotSet, add(high, half), low));
    const node = nodeOf(places);
    const [clearBefore] = split(clear, concat([length, constant([1], 'int64')], 0), 1);
    const before = sub(clearBefore!, mul(node, 0.5));
    const target = choose(set, sub(add(places, half), before), add(node, before));
    elements = scatterElements(elements, cast(target, 'int64'), elements, 1);
  }
  return { below, above };
}
