import { expect, test } from 'vitest';
import { checkBounds, checkOpen, checkRoot } from './check-call.js';

const at = { name: 'mpi', rank: 1, size: 2 };

test.each([
  [[0, 4], /expected 3 bounds \(one more than ranks\), got 2/],
  [[0, 5, 4], /rise from 0 to at most 4/],
  [[0, 2, 5], /got 0, 2, 5/],
  [[-1, 2, 4], /got -1, 2, 4/],
  [[0, Number.NaN, 4], /got 0, NaN, 4/],
])('bounds %j are refused', (bounds, message) => {
  expect(() => checkBounds(at, 'allGather', 4, bounds)).toThrow(message);
});

test('bounds may be empty ranges and leave elements out', () => {
  expect(() => checkBounds(at, 'allGather', 4, [1, 1, 3])).not.toThrow();
});

test('a root must be a rank', () => {
  expect(() => checkRoot(at, 1)).not.toThrow();
  for (const root of [2, -1, 0.5]) expect(() => checkRoot(at, root)).toThrow(`from 0 to 1, got ${root}`);
});

test('an error says which rank and which method', () => {
  expect(() => checkOpen(at, 'barrier', false)).not.toThrow();
  expect(() => checkOpen(at, 'barrier', true)).toThrow(
    'mpi, rank 1, barrier: expected no call after close()',
  );
});
