import { expect, it } from 'vitest';
import { blockProduct } from './block-product.js';
import { seededRandom } from './random.js';

it.each([
  [1, 1, 1],
  [1, 4, 3],
  [2, 5, 7],
  [3, 2, 16],
  [5, 9, 33],
])('%d queries by %d documents of %d numbers equal sums written out', (m, n, dim) => {
  const random = seededRandom(m * 100 + n);
  const queries = Float32Array.from({ length: m * dim }, () => random() - 0.5);
  const documents = Float32Array.from({ length: n * dim }, () => random() - 0.5);
  const products = blockProduct(queries, documents, dim);
  expect(products).toHaveLength(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += queries[i * dim + d]! * documents[j * dim + d]!;
      expect(products[i * n + j]).toBe(Math.fround(sum));
    }
  }
});

it('of nothing is nothing', () => {
  expect(blockProduct(new Float32Array(0), new Float32Array(6), 3)).toHaveLength(0);
  expect(blockProduct(new Float32Array(6), new Float32Array(0), 3)).toHaveLength(0);
});
