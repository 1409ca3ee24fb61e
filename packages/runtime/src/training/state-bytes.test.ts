import { expect, test } from 'vitest';
import { rowPlan } from '../testing/ranked-training.js';
import { stateBytes } from './state-bytes.js';

const plan = rowPlan(true);
/** The table, three layers and a head, padded to multiples of 16 elements. */
const [table, layer, head] = [32, 32, 16];
const whole = 4 * (table + 3 * layer + head);
const of = (size: number, sharding: 'none' | 'optimizer' | 'gradients' | 'parameters') =>
  stateBytes(plan, { collective: { size } as never, sharding });

test('one process has everything', () => {
  const exact = 4 * (28 + 3 * 20 + 12);
  for (const options of [{}, { collective: { size: 1 } as never, sharding: 'parameters' as const }])
    expect(stateBytes(plan, options)).toEqual({ parameters: exact, gradients: exact, moments: 2 * exact });
});

test('a rank has its share of what is shared, and arrays for what is whole in a pass', () => {
  expect(of(4, 'none')).toEqual({ parameters: whole, gradients: whole, moments: 2 * whole });
  expect(of(4, 'optimizer')).toEqual({ parameters: whole, gradients: whole, moments: whole / 2 });
  const gradients = 4 * (2 * 32 + head);
  expect(of(4, 'gradients')).toEqual({
    parameters: whole,
    gradients: whole / 4,
    moments: whole / 2,
    lent: gradients,
  });
  expect(of(4, 'parameters')).toEqual({
    parameters: whole / 4,
    gradients: whole / 4,
    moments: whole / 2,
    lent: gradients + 4 * (32 + head),
  });
});

test('shares that ranks do not divide are those of the rank with most', () => {
  const { moments } = of(3, 'optimizer');
  expect(moments).toBeGreaterThan((2 * whole) / 3);
  expect(moments).toBeLessThan((2 * whole) / 3 + 2 * 4 * 5);
});
