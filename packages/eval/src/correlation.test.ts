import { expect, it } from 'vitest';
import { averageRanks, pearson, spearman } from './correlation.js';
import golden from './fixtures/correlations.json' with { type: 'json' };

it.each(golden.lists)('list %# gives what scipy gives', ({ a, b, ...expected }) => {
  expect(pearson(a, b)).toBeCloseTo(expected.pearson, 9);
  expect(spearman(a, b)).toBeCloseTo(expected.spearman, 12);
  expect(spearman(b, Float64Array.from(a))).toBeCloseTo(expected.spearman, 12);
});

it('ranks from 1, equal values by the mean of their ranks', () => {
  expect([...averageRanks([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
  expect([...averageRanks([0, -0, 1])]).toEqual([1.5, 1.5, 3]);
});

it('stays within −1 and 1 and sees order alone where it should', () => {
  const a = [0.1, 0.2, 0.3, 0.7];
  expect(pearson(a, a)).toBeLessThanOrEqual(1);
  expect(spearman(a, a.map(Math.exp))).toBe(1);
  expect(
    spearman(
      a,
      a.map((x) => -(x ** 3)),
    ),
  ).toBe(-1);
  expect(pearson(a, a.map(Math.exp))).toBeLessThan(1);
  expect(pearson([1e308, -1e308, 1e308], [1, 0, 1])).toBeCloseTo(1, 12);
});

it('has no value for constants, and says so', () => {
  expect(() => spearman([1, 2], [3, 3])).toThrow(
    'spearman: second list expected values that differ, got 2 times 3',
  );
  expect(() => pearson([0, 0, 0], [1, 2, 3])).toThrow('pearson: first list expected values that differ');
});

it('refuses other lists', () => {
  expect(() => pearson([1, 2], [1, 2, 3])).toThrow('got 2 and 3 values');
  expect(() => pearson([1], [1])).toThrow('at least 2, got 1 and 1');
  expect(() => spearman([1, 2], [1, Number.NaN])).toThrow(
    'spearman: second list, value 1 expected a finite number, got NaN',
  );
});
