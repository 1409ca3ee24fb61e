/** The least and the greatest value of each dimension, float32 [dim] each: the rows of sentence-transformers' `ranges`. */
export interface EmbeddingRanges {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/**
 * The ranges of a set of vectors [dim]; a few thousand of the texts that will be searched make steady ones.
 *
 * @throws RangeError for no vectors, vectors of different lengths, and numbers that are not finite
 */
export function calibrationRanges(vectors: readonly Float32Array[]): EmbeddingRanges {
  const dim = vectorDim('calibrationRanges', vectors);
  const min = vectors[0]!.slice();
  const max = vectors[0]!.slice();
  for (const vector of vectors) {
    for (let i = 0; i < dim; i++) {
      const x = vector[i]!;
      if (x < min[i]!) min[i] = x;
      if (x > max[i]!) max[i] = x;
    }
  }
  return { min, max };
}

/**
 * The width of each of 255 steps between the ranges, rounded to float32 as NumPy does: [dim]; 0 where a dimension has one
 * value only.
 *
 * @throws RangeError unless both have `dim` finite numbers, min ≤ max and max − min finite in float32
 */
export function rangeSteps(where: string, { min, max }: EmbeddingRanges, dim: number): Float32Array {
  for (const [name, values] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (!(values instanceof Float32Array) || values.length !== dim)
      throw new RangeError(
        `${where}: ranges.${name} expected a Float32Array of ${dim} numbers, got ${describe(values)} — pass calibrationRanges of vectors of the same model and dim`,
      );
  }
  return min.map((low, i) => {
    const width = Math.fround(max[i]! - low);
    if (!(width >= 0 && width < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `${where}: ranges expected finite min ≤ max in dimension ${i}, got ${low} and ${max[i]} — pass calibrationRanges of the model's vectors`,
      );
    return width / 255;
  });
}

/** The length that all vectors share. @throws RangeError as {@link calibrationRanges} */
export function vectorDim(where: string, vectors: readonly Float32Array[]): number {
  const dim = vectors[0]?.length ?? 0;
  if (dim === 0)
    throw new RangeError(
      `${where}: expected at least one vector of at least one number, got ${vectors.length === 0 ? 'no vectors' : 'an empty vector'} — pass what encode gives`,
    );
  for (const [row, vector] of vectors.entries()) checkVector(`${where}: vectors[${row}]`, vector, dim);
  return dim;
}

/** @throws RangeError unless this is a Float32Array of `dim` finite numbers */
export function checkVector(where: string, vector: Float32Array, dim: number): void {
  if (!(vector instanceof Float32Array) || vector.length !== dim)
    throw new RangeError(
      `${where} expected a Float32Array of ${dim} numbers, got ${describe(vector)} — pass vectors of one model, with one dim`,
    );
  for (let i = 0; i < dim; i++) {
    if (!Number.isFinite(vector[i]!))
      throw new RangeError(
        `${where}[${i}] expected a finite number, got ${vector[i]} — a model that diverged cannot be searched`,
      );
  }
}

const describe = (value: unknown): string =>
  ArrayBuffer.isView(value) && 'length' in value
    ? `${value.constructor.name} of ${value.length}`
    : value === null
      ? 'null'
      : typeof value;
