import { expect, it } from 'vitest';
import { percentileInterval, resampling } from './interval.js';

it('interpolates the quantiles', () => {
  const statistics = Float64Array.from({ length: 101 }, (_, i) => 100 - i);
  const { low, high } = percentileInterval(statistics, 0.95);
  expect(low).toBeCloseTo(2.5, 12);
  expect(high).toBeCloseTo(97.5, 12);
});

it('has defaults and checks what it is given', () => {
  expect(resampling({})).toEqual({ seed: 42, resamples: 10_000, level: 0.95 });
  expect(() => resampling({ resamples: 10 })).toThrow(
    'resamples: expected an integer of at least 100, got 10',
  );
  expect(() => resampling({ level: 95 })).toThrow('level: expected a number between 0 and 1, got 95');
});
