import { expect, it } from 'vitest';
import { chartWidth, smooth } from './chart.js';

it('a running mean starts at the first loss and follows', () => {
  expect(smooth([])).toEqual([]);
  expect(smooth([2, 2, 2])).toEqual([2, 2, 2]);
  const [first, second, third] = smooth([1, 0, 0]);
  expect(first).toBe(1);
  expect(second).toBeCloseTo(0.9 / 1.9, 10);
  expect(third).toBeLessThan(second!);
});

it('is as wide as the updates so far need, never wider than the run', () => {
  expect([0, 10, 11, 21, 51, 101, 2000].map((update) => chartWidth(update, 3000))).toEqual([
    10, 10, 20, 50, 100, 200, 2000,
  ]);
  expect(chartWidth(2500, 3000)).toBe(3000);
  expect(chartWidth(1, 4)).toBe(4);
});
