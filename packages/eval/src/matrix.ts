/** Number of rows of a row-major matrix of `dim` columns. @throws unless the length is a whole number of rows */
export function rowsOf(where: string, matrix: Float32Array, dim: number): number {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(
      `${where}: dim expected a positive integer, got ${dim} — pass the length of one vector`,
    );
  }
  if (matrix.length % dim !== 0) {
    throw new RangeError(
      `${where}: expected rows of ${dim} numbers, got ${matrix.length} numbers in all — check dim`,
    );
  }
  return matrix.length / dim;
}

/**
 * L2 norm of each row, summed in float64: shape [rows].
 * @param first number that errors give the first row
 * @throws on a row that holds NaN or Infinity
 */
export function rowNorms(where: string, matrix: Float32Array, dim: number, first = 0): Float64Array {
  const norms = new Float64Array(rowsOf(where, matrix, dim));
  for (let row = 0; row < norms.length; row++) {
    let sum = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) sum += matrix[i]! * matrix[i]!;
    // The largest float32 squared is far from overflow in float64, so only NaN and Infinity fail here.
    if (!Number.isFinite(sum)) {
      throw new Error(
        `${where}[${first + row}]: expected finite numbers, got NaN or Infinity — a model that diverged cannot be ranked`,
      );
    }
    norms[row] = Math.sqrt(sum);
  }
  return norms;
}

/** 1 / norm of each row. @throws on a row of zeros, which has no direction */
export function inverseNorms(where: string, matrix: Float32Array, dim: number, first = 0): Float64Array {
  const norms = rowNorms(where, matrix, dim, first);
  const zero = norms.indexOf(0);
  if (zero >= 0) {
    throw new Error(
      `${where}[${first + zero}]: expected a vector with a direction, got zeros — leave it out or compare by dot`,
    );
  }
  return norms.map((norm) => 1 / norm);
}

/**
 * The first `width` columns of every row, each row L2-normalised: [rows, dim] → [rows, width], what a model with
 * Matryoshka dimensions serves (Kusupati et al., NeurIPS 2022).
 *
 * @param first number that errors give the first row
 * @throws when width is not an integer from 1 to dim, or a cut row is all zeros or not finite
 */
export function truncateVectors(
  vectors: Float32Array,
  dim: number,
  width: number,
  where = 'vectors',
  first = 0,
): Float32Array {
  const rows = rowsOf(where, vectors, dim);
  if (!Number.isInteger(width) || width < 1 || width > dim) {
    throw new RangeError(
      `${where}: expected a width from 1 to ${dim}, got ${width} — vectors can only be cut, not grown`,
    );
  }
  const cut = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    cut.set(vectors.subarray(row * dim, row * dim + width), row * width);
  }
  return normalizeRows(where, cut, width, first);
}

/** Divides every row by its L2 norm, in place. @throws on rows of zeros or of numbers that are not finite */
export function normalizeRows(where: string, matrix: Float32Array, dim: number, first = 0): Float32Array {
  const inverse = inverseNorms(where, matrix, dim, first);
  for (let row = 0; row < inverse.length; row++) {
    for (let i = row * dim; i < (row + 1) * dim; i++) matrix[i]! *= inverse[row]!;
  }
  return matrix;
}
