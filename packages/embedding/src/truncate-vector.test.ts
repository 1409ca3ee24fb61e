import { expect, it } from 'vitest';
import { truncateVector } from './truncate-vector.js';

const vector = Float32Array.of(3, 4, 12);

it('keeps the first elements, and normalises what it keeps', () => {
  expect(truncateVector(vector, 3, false)).toBe(vector);
  expect([...truncateVector(vector, 2, false)]).toEqual([3, 4]);
  expect([...truncateVector(vector, 2, true)].map((x) => x.toFixed(6))).toEqual(['0.600000', '0.800000']);
  expect(Math.hypot(...truncateVector(vector, 3, true))).toBeCloseTo(1, 6);
  expect([...vector]).toEqual([3, 4, 12]);
});

it('zeros stay zeros', () => {
  expect([...truncateVector(new Float32Array(2), 2, true)]).toEqual([0, 0]);
});
