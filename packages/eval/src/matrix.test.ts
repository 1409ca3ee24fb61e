import { expect, it } from 'vitest';
import { inverseNorms, rowNorms, rowsOf, truncateVectors } from './matrix.js';

it('counts whole rows', () => {
  expect(rowsOf('x', new Float32Array(6), 3)).toBe(2);
  expect(() => rowsOf('x', new Float32Array(7), 3)).toThrow('x: expected rows of 3 numbers, got 7 numbers');
  expect(() => rowsOf('x', new Float32Array(0), 0)).toThrow('x: dim expected a positive integer, got 0');
});

it('measures rows, up to the largest float32', () => {
  expect([...rowNorms('x', Float32Array.of(3, 4, 0, 0), 2)]).toEqual([5, 0]);
  expect(rowNorms('x', Float32Array.of(3.4e38, 3.4e38), 2)[0]).toBeCloseTo(4.8e38, -37);
});

it('names the row that is not finite or has no direction', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => rowNorms('documents', Float32Array.of(1, 1, bad, 1), 2, 40)).toThrow(
      'documents[41]: expected finite numbers, got NaN or Infinity',
    );
  }
  expect(() => inverseNorms('queries', Float32Array.of(1, 1, 0, 0), 2)).toThrow(
    'queries[1]: expected a vector with a direction, got zeros',
  );
});

it('cuts vectors and normalises what is left', () => {
  const vectors = Float32Array.of(3, 4, 12, 0, -2, 5);
  expect([...truncateVectors(vectors, 3, 2)]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, -1]);
  expect(truncateVectors(vectors, 3, 3)[2]).toBeCloseTo(12 / 13, 7);
  expect([...vectors]).toEqual([3, 4, 12, 0, -2, 5]);
  for (const width of [0, 4, 1.5]) {
    expect(() => truncateVectors(vectors, 3, width)).toThrow(`expected a width from 1 to 3, got ${width}`);
  }
  expect(() => truncateVectors(vectors, 3, 1, 'documents', 10)).toThrow('documents[11]: expected a vector');
});
