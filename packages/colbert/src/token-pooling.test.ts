import { expect, test } from 'vitest';
import { poolTokens } from './token-pooling.js';

/** Unit vectors in the plane at these angles, in degrees. */
const at = (...degrees: number[]) => ({
  data: Float32Array.from(
    degrees.flatMap((angle) => [Math.cos, Math.sin].map((f) => f((angle * Math.PI) / 180))),
  ),
  tokens: degrees.length,
  dim: 2,
});
const mean = (...degrees: number[]) =>
  [0, 1].map(
    (axis) =>
      at(...degrees).data.reduce((sum, value, i) => (i % 2 === axis ? sum + value : sum), 0) / degrees.length,
  );
const rows = ({ data, tokens }: { data: Float32Array; tokens: number }) =>
  Array.from({ length: tokens }, (_, i) => Array.from(data.subarray(i * 2, i * 2 + 2)));
const expectRows = (found: ReturnType<typeof poolTokens>, expected: number[][]) => {
  expect(found.tokens).toBe(expected.length);
  for (const [i, row] of rows(found).entries())
    for (const [axis, value] of row.entries()) expect(value).toBeCloseTo(expected[i]![axis]!, 6);
};

test('near vectors become their mean, which is not normalised; clusters stand by their first token', () => {
  expectRows(poolTokens(at(0, 180, 10, 170), 2, 0), [mean(0, 10), mean(180, 170)]);
  expect(Math.hypot(...rows(poolTokens(at(0, 60), 2, 0))[0]!)).toBeCloseTo(Math.cos(Math.PI / 6), 6);
});

test('protected vectors stay as they are, at the start', () => {
  expectRows(poolTokens(at(0, 5, 90, 95), 3, 1), [mean(0), mean(5, 90, 95)]);
  expectRows(poolTokens(at(0, 5, 90, 95, 7), 2, 1), [mean(0), mean(5, 7), mean(90, 95)]);
});

test('no fewer than one cluster, and nothing where nothing is to be pooled', () => {
  expectRows(poolTokens(at(0, 90, 180), 99, 0), [mean(0, 90, 180)]);
  const vectors = at(0, 90);
  expect(poolTokens(vectors, 1, 0)).toBe(vectors);
  expect(poolTokens(vectors, 2, 1)).toBe(vectors);
  expect(poolTokens(vectors, 2, 5)).toBe(vectors);
});

test('equal vectors end in one cluster each, not in an endless chain', () => {
  expectRows(poolTokens(at(0, 0, 0, 0, 90, 90), 3, 0), [mean(0), mean(90)]);
  // Six equal vectors are all at distance 0: whatever the number of clusters, they merge together.
  expectRows(poolTokens(at(0, 0, 0, 0, 0, 0), 2, 0), [mean(0)]);
});

test.each([
  [0, 0, 'poolFactor: expected a whole number ≥ 1, got 0'],
  [1.5, 0, 'poolFactor: expected a whole number ≥ 1, got 1.5'],
  [2, -1, 'protectedTokens: expected a whole number ≥ 0, got -1'],
])('poolFactor %d, protectedTokens %d', (factor, kept, message) => {
  expect(() => poolTokens(at(0, 90), factor, kept)).toThrow(message);
});

test('vectors that are not finite', () => {
  const vectors = { data: new Float32Array(8).fill(Number.NaN), tokens: 4, dim: 2 };
  expect(() => poolTokens(vectors, 2, 0)).toThrow('vectors: expected finite numbers');
});
