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

/** What `countAbove` is asked, one question per column; float32 whole numbers below 2^levels. */
export interface PlaceQuestions {
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
 * How many of the first `length` elements of a permutation are above a pivot, for n questions in O(n·log n) and without
 * a sort: [lists, questions]. Counts are exact; no gradient passes.
 *
 * A wavelet tree (Grossi et al. 2003) walked from the highest bit: at each level every node holds an aligned run of
 * 2^(bit+1) places in the order of the permutation, and is split stably by the bit. Since the elements are a
 * permutation, the node of a place starts at the place's own multiple of the node's size.
 *
 * @param levels bits of the largest place
 */
export function countAbove({ places, order, pivots, lengths }: PlaceQuestions, levels: number): Value {
  const size = slice(shapeOf(order), [1], [2], [0]);
  let [elements, ends] = [order, lengths];
  let above = mul(lengths, 0);
  for (let bit = levels - 1; bit >= 0; bit--) {
    const half = 2 ** bit;
    const nodeOf = (place: Value) => mul(floor(mul(place, 0.5 / half)), 2 * half);
    // 1 where the bit is set, else 0.
    const bitOf = (place: Value) => sub(floor(mul(place, 1 / half)), mul(floor(mul(place, 0.5 / half)), 2));
    const [set, pivotSet] = [bitOf(elements), bitOf(pivots)];
    // Elements with the bit clear before each place, and at the end: nodes before a node are full, half of them clear.
    const clear = pad(cumSum(sub(1, set), 1), [0, 1], [0, 0]);
    const start = nodeOf(pivots);
    const inNode = sub(ends, start);
    const low = sub(gatherElements(clear, cast(ends, 'int64'), 1), mul(start, 0.5));
    const counted = add(above, mul(sub(inNode, low), sub(1, pivotSet)));
    if (bit === 0) return counted;
    // What was just counted is read back from the sum, so that ONNX Runtime cannot put off all the levels' sums.
    const kept = sub(sub(inNode, sub(counted, above)), mul(low, pivotSet));
    above = counted;
    ends = add(add(start, mul(pivotSet, half)), kept);
    const node = nodeOf(places);
    const [clearBefore] = split(clear, concat([size, constant([1], 'int64')], 0), 1);
    const [lowTarget, highTarget] = lowAndHigh(places, node, sub(clearBefore!, mul(node, 0.5)), half);
    const target = add(lowTarget, mul(set, sub(highTarget, lowTarget)));
    elements = scatterElements(elements, cast(target, 'int64'), elements, 1);
  }
  return above;
}

/** Where the element at each place goes with its bit clear, and with it set; `before` counts those clear before it. */
const lowAndHigh = (places: Value, node: Value, before: Value, half: number): [Value, Value] => [
  add(node, before),
  sub(add(places, half), before),
];
