import { expect, test } from 'vitest';
import { blockSize, clipCoefficient, globalNorm, squareSum } from './global-norm.js';

test('is the root of all squares, scaled', () => {
  expect(globalNorm([Float32Array.of(3), new Float32Array(0), Float32Array.of(0, 4)])).toBe(5);
  expect(globalNorm([Float32Array.of(3, 4)], -0.5)).toBe(2.5);
  expect(globalNorm([])).toBe(0);
});

test('sums more than a block, to float64', () => {
  const size = 3 * blockSize + 7;
  const values = Float32Array.from({ length: size }, (_, i) => (i % 5) * 0.1);
  let expected = 0;
  for (const value of values) expected += value * value;
  expect(globalNorm([values])).toBeCloseTo(Math.sqrt(expected), 9);
  expect(squareSum(new Float32Array(10).fill(2), 3, 9)).toBe(24);
});

test('does not overflow where float32 would, and shows what is not finite', () => {
  expect(globalNorm([Float32Array.of(3e30, 4e30)])).toBeCloseTo(5e30, -25);
  expect(globalNorm([Float32Array.of(1, Number.NaN)])).toBeNaN();
  expect(globalNorm([Float32Array.of(Number.POSITIVE_INFINITY)])).toBe(Number.POSITIVE_INFINITY);
});

test('clips as torch does', () => {
  expect(clipCoefficient(0.5, 1)).toBe(1);
  expect(clipCoefficient(4, 1)).toBe(1 / (4 + 1e-6));
  expect(clipCoefficient(0, 1)).toBe(1);
  expect(() => clipCoefficient(Number.NaN, 1)).toThrow('expected a finite norm, got NaN');
  expect(() => clipCoefficient(1, 0)).toThrow('expected maxNorm > 0, got 0');
});
