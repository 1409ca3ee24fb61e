import { expect, test } from 'vitest';
import { cosine, shapeVector } from './shape-vector.js';

test('the first elements, of length 1 where asked; zeros stay zeros', () => {
  const vector = Float32Array.of(3, 4, 12);
  expect(shapeVector(vector, { dim: 2, normalize: false })).toEqual(Float32Array.of(3, 4));
  expect(shapeVector(vector, { dim: 2, normalize: true })).toEqual(Float32Array.of(0.6, 0.8));
  expect(shapeVector(new Float32Array(2), { dim: 2, normalize: true })).toEqual(new Float32Array(2));
  expect(vector).toEqual(Float32Array.of(3, 4, 12));
});

test('cosines', () => {
  const [a, b] = [Float32Array.of(3, 4), Float32Array.of(4, -3)];
  expect([cosine(a, a), cosine(a, b), cosine(a, new Float32Array(2))]).toEqual([1, 0, 0]);
});
