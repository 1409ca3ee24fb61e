import { expect, test } from 'vitest';
import { topOverlap } from './top-overlap.js';

test('the best ten of a long list, half of a short one', () => {
  const scores = Array.from({ length: 40 }, (_, i) => i);
  expect(topOverlap(scores, scores)).toBe(1);
  expect(topOverlap(scores, scores.toReversed())).toBe(0);
  expect(topOverlap(scores, [...scores.slice(1), -1])).toBe(0.9);
  expect(topOverlap([4, 3, 2, 1], [4, 1, 2, 3])).toBe(0.5);
  expect(topOverlap([3, 2, 1], [3, 1, 2])).toBe(1);
});

test('equal scores keep their order', () => {
  expect(topOverlap([1, 1, 1, 1], [1, 1, 1, 1])).toBe(1);
  expect(topOverlap([4, 3, 2, 1], [0, 0, 1, 1])).toBe(0);
});
