import { expect, it } from 'vitest';
import { outcomes } from './outcomes.js';

it('counts wins, ties and losses of the second system', () => {
  expect(outcomes([0, 0.5, 1, 0.1 + 0.2], [1, 0.5, 0.5, 0.3])).toEqual({ wins: 1, ties: 2, losses: 1 });
});

it('refuses what cannot be compared', () => {
  expect(() => outcomes([1], [1, 2])).toThrow('expected two systems on the same queries, got 1 and 2 values');
  expect(() => outcomes([1], [Number.NaN])).toThrow('value 0 expected finite numbers, got 1 and NaN');
});
