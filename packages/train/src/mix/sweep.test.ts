import { expect, test } from 'vitest';
import { bestPoint, describeRule, formatSweep, type SweepPoint } from './sweep.js';

const point = (alpha: number, domain: number, guard: number): SweepPoint => {
  const interval = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1 });
  return { alpha, domain: interval(domain), guard: interval(guard) } as SweepPoint;
};

test('the best α has the highest domain metric among those that keep the guard', () => {
  const points = [point(0, 0.5, 0.71), point(0.3, 0.6, 0.72), point(0.5, 0.65, 0.7), point(1, 0.7, 0.6)];
  // 0.71 − 0.7 is more than 0.01 in float64.
  expect(bestPoint(points, 0.01).alpha).toBe(0.5);
  expect(bestPoint(points, 0).alpha).toBe(0.3);
  expect(bestPoint(points, 0.2).alpha).toBe(1);
});

test('of equals the smallest, and the base where nothing is better', () => {
  expect(bestPoint([point(0, 0.5, 0.7), point(0.5, 0.6, 0.7), point(1, 0.6, 0.7)]).alpha).toBe(0.5);
  expect(bestPoint([point(0, 0.5, 0.7), point(1, 0.4, 0.8)]).alpha).toBe(0);
});

test('the table has a line per α', () => {
  const lines = formatSweep([point(0, 0.5, 0.7), point(1, 0.6, 0.65)], 'map').split('\n');
  expect(lines[0]).toMatch(/^ +domain map +guard map$/);
  expect(lines[2]).toBe('α 1.00  0.600 [0.500, 0.700]  0.650 [0.550, 0.750]');
  expect(describeRule('map', 0.02)).toContain('lose at most 0.02 on the guard set');
});
