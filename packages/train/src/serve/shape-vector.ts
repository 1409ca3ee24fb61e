/** The first `dim` elements of a vector (https://arxiv.org/abs/2205.13147), divided by their L2 norm where asked; zeros stay zeros. */
export function shapeVector(
  vector: Float32Array,
  { dim, normalize }: { readonly dim: number; readonly normalize: boolean },
): Float32Array {
  const kept = vector.subarray(0, dim);
  if (!normalize) return kept;
  let sum = 0;
  for (const element of kept) sum += element * element;
  const norm = Math.max(Math.sqrt(sum), 1e-12);
  return kept.map((element) => element / norm);
}

/** The cosine of two vectors of one width; 0 where one has no length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    left += a[i]! * a[i]!;
    right += b[i]! * b[i]!;
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right);
}
