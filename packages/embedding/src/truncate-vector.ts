/**
 * The first `dim` elements of a vector (https://arxiv.org/abs/2205.13147), divided by their L2 norm when asked to; a vector of
 * zeros stays one.
 */
export function truncateVector(vector: Float32Array, dim: number, normalize: boolean): Float32Array {
  const kept = dim < vector.length ? vector.slice(0, dim) : vector;
  if (!normalize) return kept;
  let sum = 0;
  for (const element of kept) sum += element * element;
  const norm = Math.max(Math.sqrt(sum), 1e-12);
  return kept.map((element) => element / norm);
}
