import { expect, it } from 'vitest';
import { smooth } from './chart.js';

it('a running mean starts at the first loss and follows', () => {
  expect(smooth([])).toEqual([]);
  expect(smooth([2, 2, 2])).toEqual([2, 2, 2]);
  const [first, second, third] = smooth([1, 0, 0]);
  expect(first).toBe(1);
  expect(second).toBeCloseTo(0.9 / 1.9, 10);
  expect(third).toBeLessThan(second!);
});
