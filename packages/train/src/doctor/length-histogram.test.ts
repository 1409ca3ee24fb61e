import { expect, test } from 'vitest';
import { bandEnd, formatLengths, lengthHistogram } from './length-histogram.js';

const summaryOf = (lengths: readonly number[]) => {
  const histogram = lengthHistogram();
  for (const length of lengths) histogram.add(length);
  return histogram.summary();
};

test('percentiles of short lengths are exact', () => {
  expect(summaryOf(Array.from({ length: 100 }, (_, i) => i + 1))).toMatchObject({
    ...{ count: 100, mean: 50.5, p50: 50, p90: 90, p99: 99, most: 100 },
  });
  expect(summaryOf([7])).toMatchObject({ p50: 7, p99: 7, most: 7 });
  expect(summaryOf([])).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, most: 0, bands: [] });
});

test('those of long ones are right to 1/64, up to any length', () => {
  const { p50, p90, most } = summaryOf(Array.from({ length: 1000 }, (_, i) => 100 * (i + 1)));
  expect(Math.abs(p50 / 50_000 - 1)).toBeLessThan(1 / 64);
  expect(Math.abs(p90 / 90_000 - 1)).toBeLessThan(1 / 64);
  expect(most).toBe(100_000);
  expect(summaryOf([2 ** 40]).most).toBe(2 ** 40);
});

test('bands that widen', () => {
  const { bands } = summaryOf([0, 1, 2, 3, 4, 5, 6, 8, 2 ** 60]);
  // Up to 1, 1, 2, 2, 4, 5, 8.
  expect(bands!.slice(0, 7)).toEqual([2, 0, 1, 0, 2, 1, 2]);
  expect(bands!.length).toBeLessThanOrEqual(100);
  expect([0, 2, 5, 6].map(bandEnd)).toEqual([1, 2, 5, 8]);
});

test('in words', () => {
  expect(formatLengths(summaryOf([1, 2, 3]))).toBe('median 2, 90 % 3, 99 % 3, most 3');
});
