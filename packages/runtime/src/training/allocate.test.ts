import { expect, test } from 'vitest';
import { allocate } from './allocate.js';

test('allocates zeros in shared memory by bytes or shape', () => {
  expect(allocate(12)).toHaveLength(3);
  expect(allocate([2, 5])).toHaveLength(10);
  expect(allocate([])).toHaveLength(1);
  expect(allocate([3, 0])).toHaveLength(0);
  const array = allocate([4]);
  expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(Array.from(array)).toEqual([0, 0, 0, 0]);
});

test('refuses sizes that are none', () => {
  expect(() => allocate(6)).toThrow('allocate: expected a whole number of bytes that 4 divides, got 6');
  expect(() => allocate(-4)).toThrow('got -4');
  expect(() => allocate([2, -1])).toThrow('allocate: expected sizes that are whole numbers ≥ 0, got [2, -1]');
});
