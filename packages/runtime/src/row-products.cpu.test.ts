import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRowProducts, type RowProducts } from './row-products.js';

let products: RowProducts;
beforeAll(async () => {
  products = await openRowProducts({ provider: 'cpu', intraOpNumThreads: 1 });
});
afterAll(() => products.dispose());

/** Seeded numbers around 0. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7919 + seed * 104_729) % 2003) / 1001 - 1);

test.each([
  [1, 1, 1],
  [3, 5, 4],
  [17, 33, 96],
  [2, 130, 7],
])('%i × %i rows of %i elements', async (m, n, dim) => {
  const [left, right] = [numbers(m * dim, 1), numbers(n * dim, 2)];
  const found = await products.product(left, right, dim);
  const expected = Array.from({ length: m * n }, (_, cell) => {
    const [i, j] = [Math.floor(cell / n), cell % n];
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += left[i * dim + d]! * right[j * dim + d]!;
    return sum;
  });
  expect(found).toHaveLength(m * n);
  for (const [cell, value] of expected.entries()) expect(Math.abs(found[cell]! - value)).toBeLessThan(1e-5);
});

test('views into larger arrays', async () => {
  const all = numbers(40, 3);
  const found = await products.product(all.subarray(4, 12), all.subarray(20, 32), 4);
  expect(found).toEqual(await products.product(all.slice(4, 12), all.slice(20, 32), 4));
});

test('arrays that are no rows, and a session that is gone', async () => {
  await expect(products.product(numbers(6, 1), numbers(8, 1), 4)).rejects.toThrow(
    'expected sizes that are whole numbers',
  );
  const gone = await openRowProducts({ provider: 'cpu' });
  gone.dispose();
  await expect(gone.product(numbers(4, 1), numbers(4, 1), 4)).rejects.toThrow('dispose');
});
