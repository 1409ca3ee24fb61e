import { expect, test } from 'vitest';
import { checkVectors, packVectors, withZeroVector } from './token-vectors.js';

const two = { data: Float32Array.of(1, 0, 0, 1), tokens: 2, dim: 2 };
const one = { data: Float32Array.of(3, 4), tokens: 1, dim: 2 };

test('packed vectors are the same numbers, end to end in one array', () => {
  const packed = packVectors([two, one]);
  expect(packed).toEqual([two, one]);
  expect(packed.map(({ data }) => data.byteOffset)).toEqual([0, 16]);
  expect(packed[0]!.data.buffer).toBe(packed[1]!.data.buffer);
  expect(packed[0]!.data.buffer).not.toBe(two.data.buffer);
  expect(packVectors([])).toEqual([]);
});

test('a zero vector comes last', () => {
  expect(withZeroVector(one)).toEqual({ data: Float32Array.of(3, 4, 0, 0), tokens: 2, dim: 2 });
});

test.each([
  [{ ...one, tokens: 0, data: new Float32Array() }, 'v[1]: expected at least one vector, got 0'],
  [{ ...one, dim: 1 }, 'v[1]: expected 1 × 2 elements, got 2 (dim 1) — use vectors of one model'],
  [{ ...one, tokens: 2 }, 'v[1]: expected 2 × 2 elements, got 2'],
  [{ ...one, tokens: 0.5 }, 'got 0.5'],
])('%j is refused', (wrong, message) => {
  expect(() => checkVectors('v', [two, wrong], 2)).toThrow(message);
  expect(() => packVectors([two, wrong])).toThrow(RangeError);
});
