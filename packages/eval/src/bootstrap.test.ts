import { describe, expect, it } from 'vitest';
import { bootstrapMean, pairedBootstrap } from './bootstrap.js';
import { seededRandom } from './random.js';

const draws = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));

describe('bootstrapMean', () => {
  it('gives about mean ± 1.96 standard errors on uniform values', () => {
    const values = draws(1, 400);
    const { mean, low, high } = bootstrapMean(values);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const standardError = Math.sqrt(variance / values.length);
    // 10,000 resamples leave the ends a standard error of 0.03 of these units.
    expect(Math.abs((mean - low) / standardError - 1.96)).toBeLessThan(0.12);
    expect(Math.abs((high - mean) / standardError - 1.96)).toBeLessThan(0.12);
  });

  it('covers the true mean about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const { low, high } = bootstrapMean(draws(1_000 + trial, 60), { resamples: 300 });
      if (low <= 0.5 && 0.5 <= high) covered++;
    }
    // 95 % nominal; 300 trials have a standard error of 1.3 points.
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.985);
  });

  it('is a function of its seed', () => {
    const values = draws(2, 30);
    expect(bootstrapMean(values, { seed: 5 })).toEqual(bootstrapMean(values, { seed: 5 }));
    expect(bootstrapMean(values, { seed: 5 })).not.toEqual(bootstrapMean(values, { seed: 6 }));
  });

  it('refuses what it cannot resample', () => {
    expect(() => bootstrapMean([1])).toThrow('bootstrapMean: expected at least 2 queries, got 1');
    expect(() => bootstrapMean([1, Number.NaN])).toThrow('value 1 expected a finite number, got NaN');
  });
});

describe('pairedBootstrap', () => {
  it('sees a small steady gain that unpaired intervals would hide', () => {
    const a = draws(3, 200);
    const b = a.map((value, i) => value + 0.02 + 0.01 * Math.sin(i));
    const { difference, low, high, pValue, superiority } = pairedBootstrap(a, b);
    expect(difference).toBeCloseTo(0.02, 2);
    expect(low).toBeGreaterThan(0.015);
    expect(high).toBeLessThan(0.025);
    expect(pValue).toBeCloseTo(2 / 10_001, 10);
    expect(superiority).toBe(1);
    expect(bootstrapMean(b).low).toBeLessThan(bootstrapMean(a).high);
  });

  it('mirrors when the systems are exchanged', () => {
    const a = draws(4, 50);
    const b = draws(5, 50);
    const forward = pairedBootstrap(a, b);
    const backward = pairedBootstrap(b, a);
    expect(backward.difference).toBeCloseTo(-forward.difference, 12);
    expect(backward.low).toBeCloseTo(-forward.high, 12);
    expect(backward.pValue).toBe(forward.pValue);
    expect(backward.superiority).toBeCloseTo(1 - forward.superiority, 12);
  });

  it('calls equal systems equal', () => {
    const a = draws(6, 20);
    expect(pairedBootstrap(a, a)).toEqual({
      ...{ difference: 0, low: 0, high: 0 },
      ...{ pValue: 1, superiority: 0.5 },
    });
  });

  it('rejects a true null about as often as it says', () => {
    let rejected = 0;
    for (let trial = 0; trial < 300; trial++) {
      const a = draws(5_000 + trial, 60);
      const b = draws(9_000 + trial, 60);
      if (pairedBootstrap(a, b, { resamples: 300 }).pValue < 0.05) rejected++;
    }
    expect(rejected / 300).toBeGreaterThan(0.015);
    expect(rejected / 300).toBeLessThan(0.1);
  });

  it('needs both systems on the same queries', () => {
    expect(() => pairedBootstrap([1, 2], [1, 2, 3])).toThrow(
      'expected two systems on the same queries, got 2 and 3 values',
    );
  });
});
