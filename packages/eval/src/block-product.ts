/**
 * Inner products of every query with every document of a block: `queries` [m, dim] · `documents` [n, dim]ᵀ → [m, n],
 * row-major float32. Callers may inject a faster one, such as a MatMul on ONNX Runtime; both inputs are views that are
 * only valid until the result is there.
 */
export type BlockProduct = (
  queries: Float32Array,
  documents: Float32Array,
  dim: number,
) => Float32Array | Promise<Float32Array>;

/**
 * The product in plain JavaScript: every sum runs over the dimensions in order, in float64, and is rounded to float32
 * once, so that a value never depends on the block that it was computed in.
 *
 * Tiles of two queries by four documents keep eight independent sums in flight. At the edge of a block a tile repeats
 * its last row and writes the same value twice, which spares a second loop for remainders.
 */
export function blockProduct(queries: Float32Array, documents: Float32Array, dim: number): Float32Array {
  const m = queries.length / dim;
  const n = documents.length / dim;
  const products = new Float32Array(m * n);
  for (let j = 0; j < n; j += 4) {
    const [j1, j2, j3] = [Math.min(j + 1, n - 1), Math.min(j + 2, n - 1), Math.min(j + 3, n - 1)];
    const [b0, b1, b2, b3] = [j * dim, j1 * dim, j2 * dim, j3 * dim];
    for (let i = 0; i < m; i += 2) {
      const i1 = Math.min(i + 1, m - 1);
      const [a0, a1] = [i * dim, i1 * dim];
      let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let d = 0; d < dim; d++) {
        const q0 = queries[a0 + d]!;
        const q1 = queries[a1 + d]!;
        const d0 = documents[b0 + d]!;
        const d1 = documents[b1 + d]!;
        const d2 = documents[b2 + d]!;
        const d3 = documents[b3 + d]!;
        s00 += q0 * d0;
        s01 += q0 * d1;
        s02 += q0 * d2;
        s03 += q0 * d3;
        s10 += q1 * d0;
        s11 += q1 * d1;
        s12 += q1 * d2;
        s13 += q1 * d3;
      }
      const [r0, r1] = [i * n, i1 * n];
      products[r0 + j] = s00;
      products[r0 + j1] = s01;
      products[r0 + j2] = s02;
      products[r0 + j3] = s03;
      products[r1 + j] = s10;
      products[r1 + j1] = s11;
      products[r1 + j2] = s12;
      products[r1 + j3] = s13;
    }
  }
  return products;
}
