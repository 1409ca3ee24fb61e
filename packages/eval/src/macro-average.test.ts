import { expect, it } from 'vitest';
import { bootstrapMean } from './bootstrap.js';
import { macroAverage } from './macro-average.js';

it('every set counts once, whatever its size', () => {
  const { mean, low, high } = macroAverage([[1, 1, 1, 1, 1, 1], [0]]);
  // Sets of equal values have no spread.
  expect([mean, low, high]).toEqual([0.5, 0.5, 0.5]);
});

it('one set has the interval of its mean', () => {
  const values = [0, 0.2, 0.5, 1, 1, 0.3];
  expect(macroAverage([values], { seed: 3 })).toEqual(bootstrapMean(values, { seed: 3 }));
});

it('refuses empty sets and what is no number', () => {
  expect(() => macroAverage([])).toThrow('got 0 sets, sizes none');
  expect(() => macroAverage([[1], []])).toThrow('got 2 sets, sizes 1, 0');
  expect(() => macroAverage([[Number.NaN]])).toThrow('expected finite values');
});
