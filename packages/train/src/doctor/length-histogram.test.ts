import { expect, test } from 'vitest';
import { formatLengths, lengthHistogram } from './length-histogram.js';

const summaryOf = (lengths: readonly number[]) => {
  const histogram = lengthHistogram();
  for (const length of lengths) histogram.add(length);
  return histogram.summary();
};

test('percentiles of short lengths are exact', () => {
  expect(summaryOf(Array.from({ length: 100 }, (_, i) => i + 1))).toEqual({
    ...{ count: 100, mean: 50.5, p50: 50, p90: 90, p99: 99, most: 100 },
  });
  expect(summaryOf([7])).toMatchObject({ p50: 7, p99: 7, most: 7 });
  expect(summaryOf([])).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, most: 0 });
});

test('those of long ones are right to 1/64, up to any length', () => {
  const { p50, p90, most } = summaryOf(Array.from({ length: 1000 }, (_, i) => 100 * (i + 1)));
  expect(Math.abs(p50 / 50_000 - 1)).toBeLessThan(1 / 64);
  expect(Math.abs(p90 / 90_000 - 1)).toBeLessThan(1 / 64);
  expect(most).toBe(100_000);
  expect(summaryOf([2 ** 40]).most).toBe(2 ** 40);
});

test('in words', () => {
  expect(formatLengths(summaryOf([1, 2, 3]))).toBe('median 2, 90 % 3, 99 % 3, most 3');
});
