import { topOverlap } from './top-overlap.js';

/** How far the vectors of a narrowed model are from the original's, on the same texts. */
export interface VectorLoss {
  readonly count: number;
  /** Mean and least cosine of a text's two vectors. */
  readonly cosine: number;
  readonly leastCosine: number;
  /** How many of a text's nearest texts stay its nearest (`topOverlap`), mean over the texts that `overlapCount` counts. */
  readonly overlap: number;
  /** The first of the texts, up to `OVERLAP_TEXTS`, whose neighbours among each other were looked at. */
  readonly overlapCount: number;
}

/** Texts whose neighbours are looked at, at most: every pair of them is multiplied. */
export const OVERLAP_TEXTS = 1000;

/**
 * Cosines of all texts, and the overlap of the first `OVERLAP_TEXTS`.
 * @throws RangeError for fewer than 4 vectors, for lists of other lengths and for vectors of other widths
 */
export function compareVectors(
  original: readonly Float32Array[],
  narrowed: readonly Float32Array[],
): VectorLoss {
  const count = original.length;
  if (count < 4 || narrowed.length !== count)
    throw new RangeError(
      `vectors: expected two lists of at least 4, got ${count} and ${narrowed.length} — evaluate on more texts`,
    );
  const odd = narrowed.findIndex((vector, i) => vector.length !== original[i]!.length);
  if (odd >= 0)
    throw new RangeError(
      `vectors: expected ${original[odd]!.length} elements for text ${odd}, got ${narrowed[odd]!.length} — compare vectors of one width`,
    );
  const cosines = original.map((vector, i) => dot(normalized(vector), normalized(narrowed[i]!)));
  const [ours, theirs] = [original, narrowed].map((all) => all.slice(0, OVERLAP_TEXTS).map(normalized));
  const others = (vectors: readonly Float64Array[], i: number) =>
    vectors.flatMap((vector, j) => (i === j ? [] : [dot(vectors[i]!, vector)]));
  const overlaps = ours!.map((_, i) => topOverlap(others(ours!, i), others(theirs!, i)));
  return {
    count,
    cosine: mean(cosines),
    // A vector that holds no number is as far as can be.
    leastCosine: cosines.reduce((least, x) => Math.min(least, x), 1),
    overlap: mean(overlaps),
    overlapCount: overlaps.length,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** A vector of zeros stays one: its cosine with any is 0. */
function normalized(vector: Float32Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return Float64Array.from(vector, (x) => (length === 0 ? 0 : x / length));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
