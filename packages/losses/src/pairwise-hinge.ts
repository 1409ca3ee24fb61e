import {
  add,
  cast,
  concat,
  constant,
  cumSum,
  type Dim,
  div,
  expandLike,
  GraphError,
  gather,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  mul,
  range,
  reduceSum,
  scatterElements,
  scope,
  shapeOf,
  slice,
  split,
  squeeze,
  sub,
  topK,
  unsqueeze,
  type Value,
  where,
  zerosLike,
} from '@rag/onnx';
import { countAbove } from './count-above.js';

export interface HingeInputs {
  /** [lists, n], floating point and at most 1 in size (cosines). */
  readonly scores: Value;
  /** [n], as large at most: the order that every list shall have. */
  readonly teacher: Value;
  /** bool [n]: elements that take part. */
  readonly chosen: Value;
}

/** Whole numbers of this many bits are exact in float32. */
const EXACT_BITS = 24;

/**
 * Mean over all pairs of chosen elements of relu(margin − (s_hi − s_lo)), hi being the one that the teacher scores
 * higher (among equals, the later one): [lists].
 *
 * Exact in O(n·log n) time and O(n) memory for the n² pairs. A pair is active if s_hi < s_lo + margin, so the sum is
 * Σ_i s_i·(active pairs in which i is the lower − those in which it is the higher) + margin·(active pairs). These counts
 * are piecewise constant, so they are the gradient as well, and none passes through them. They come from one sort of
 * scores and scores + margin, which turns "active" into a comparison of ranks, and `countAbove`.
 *
 * Degenerate: fewer than two chosen elements have mean 0.
 * More than 2²³ elements give NaN where n is symbolic, as float32 cannot count them; `GraphError` where it is known.
 */
export function pairwiseHinge({ scores, teacher, chosen }: HingeInputs, margin: number): Value {
  const size = scores.shape[1]!;
  if (typeof size === 'number' && size > 2 ** (EXACT_BITS - 1))
    throw new GraphError('pairwiseHinge', `expected up to 2^23 elements, got ${size} — take a smaller batch`);
  return scope('pairwiseHinge', () => {
    const { dtype } = scores;
    const elements = cast(reduceSum(cast(chosen, 'float32')), dtype);
    const pairs = mul(mul(elements, sub(elements, 1)), 0.5);
    const { coefficients, active } = activePairs({ scores, teacher, chosen }, margin);
    const perPair = div(1, where(greater(pairs, 0), pairs, 1));
    // The coefficients sum to 0: a centre takes nothing away but cancellation.
    const real = where(chosen, scores, 0);
    const centre = div(reduceSum(real, [1], true), where(greater(elements, 0), elements, 1));
    const weighted = mul(mul(cast(coefficients, dtype), perPair), sub(real, centre));
    const hinges = add(
      reduceSum(weighted, [1]),
      mul(reduceSum(mul(cast(active, dtype), perPair), [1]), margin),
    );
    return typeof size === 'number' ? hinges : mul(hinges, countable(scores));
  });
}

/**
 * For each element of each list the active pairs in which it is the lower, less those in which it is the higher
 * (`coefficients`), and the latter alone (`active`); float32 [lists, n], 0 where not chosen.
 */
function activePairs({ scores, teacher, chosen }: HingeInputs, margin: number) {
  // Last in both orders and never below a threshold, so that no count of a chosen element holds one that is not.
  const last = 3 + margin;
  const size = slice(shapeOf(scores), [1], [2], [0]);
  const byTeacher = topK(where(chosen, teacher, last), size, 0, false).indices;
  // From here on an element is known by its place in the teacher's order.
  const placed = gather(where(chosen, scores, last), byTeacher, 1);
  const merged = topK(concat([add(placed, margin), placed], 1), mul(size, 2), 1, false).indices;
  const isScore = cast(greaterOrEqual(merged, size), 'float32');
  const scoresBefore = sub(cumSum(isScore, 1), isScore);
  const thresholdsBefore = sub(numbersTo(mul(size, 2)), scoresBefore);
  const halves = (x: Value) => split(x, concat([size, size], 0), 1) as [Value, Value];
  const byElement = (x: Value) => halves(scatterElements(zerosLike(x), merged, x, 1));
  const [scoresBelowThreshold, rank] = byElement(scoresBefore);
  const [, thresholdsUpToScore] = byElement(thresholdsBefore);
  const places = numbersTo(size);
  const everyPlace = expandLike(places, rank);
  const above = countAbove(
    {
      places,
      order: scatterElements(zerosLike(rank), cast(rank, 'int64'), everyPlace, 1),
      pivots: concat([places, places], 1),
      lengths: concat([scoresBelowThreshold, thresholdsUpToScore], 1),
    },
    levelsOf(scores.shape[1]!),
  );
  const [asLower, inactiveAbove] = halves(above);
  // Of the lower places all but those whose threshold the score has reached; with margin 0 its own may be among them.
  const itself = cast(less(rank, thresholdsUpToScore), 'float32');
  const inactive = sub(sub(thresholdsUpToScore, inactiveAbove), itself);
  const asHigher = sub(everyPlace, inactive);
  const columns = expandLike(unsqueeze(byTeacher, [0]), rank);
  const inOrder = (x: Value) => scatterElements(zerosLike(x), columns, x, 1);
  return {
    coefficients: where(chosen, inOrder(sub(asLower, asHigher)), 0),
    active: where(chosen, inOrder(asHigher), 0),
  };
}

/** 0, 1, … as float32 [1, length]; length is an int64 [1] that follows from a shape. */
const numbersTo = (length: Value): Value => unsqueeze(cast(range(squeeze(length, [0])), 'float32'), [0]);

const levelsOf = (size: Dim): number =>
  typeof size === 'number' ? Math.ceil(Math.log2(Math.max(size, 1))) : EXACT_BITS - 1;

/** 1, or NaN where there are more elements than float32 can count; [1]. */
function countable(scores: Value): Value {
  const size = slice(shapeOf(scores), [1], [2], [0]);
  const few = lessOrEqual(size, constant([2 ** (EXACT_BITS - 1)], 'int64'));
  return where(few, constant(1, scores.dtype), Number.NaN);
}
