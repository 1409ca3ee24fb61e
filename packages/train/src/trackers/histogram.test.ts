import { expect, test } from 'vitest';
import { histogramOf } from './histogram.js';

test('counts every number once, the largest too', () => {
  const { edges, counts, sum, sumOfSquares } = histogramOf([0, 1, 2, 3, 4], 4);
  expect(edges).toEqual([0, 1, 2, 3, 4]);
  expect(counts).toEqual([1, 1, 1, 2]);
  expect([sum, sumOfSquares]).toEqual([10, 30]);
});

test('equal numbers, huge numbers', () => {
  expect(histogramOf([7, 7]).counts).toEqual([2]);
  expect(histogramOf([-1.7e308, 1.7e308], 2).counts).toEqual([1, 1]);
});

test('refuses nothing, NaN and no buckets', () => {
  expect(() => histogramOf([])).toThrow('expected numbers, got none');
  expect(() => histogramOf([1, Number.NaN])).toThrow('got NaN at 1');
  expect(() => histogramOf([1], 0)).toThrow('at least 1 bucket');
});
