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
  // The gradients of two segments at a time; the head's buffer makes way for a layer's.
  const gradients = 4 * 2 * layer;
  expect(of(4, 'gradients')).toEqual({
    parameters: whole,
    gradients: whole / 4,
    moments: whole / 2,
    lent: gradients,
  });
  const shared = of(4, 'parameters');
  expect(shared).toMatchObject({ parameters: whole / 4, gradients: whole / 4, moments: whole / 2 });
  // Beside them the parameters of one segment, at most the table and the head.
  expect(shared.lent).toBeGreaterThan(gradients);
  expect(shared.lent).toBeLessThanOrEqual(gradients + 4 * (table + head));
});

test('shares that ranks do not divide are those of the rank with most', () => {
  const { moments } = of(3, 'optimizer');
  expect(moments).toBeGreaterThan((2 * whole) / 3);
  expect(moments).toBeLessThan((2 * whole) / 3 + 2 * 4 * 5);
});
