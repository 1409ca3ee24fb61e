import { expect, it } from 'vitest';
import { checkCutoff } from './cutoff.js';

it('accepts ranks and the whole ranking', () => {
  expect(() => checkCutoff('mrr', 1)).not.toThrow();
  expect(() => checkCutoff('mrr', Number.POSITIVE_INFINITY)).not.toThrow();
});

it.each([0, -3, 1.5, Number.NaN, Number.NEGATIVE_INFINITY])('refuses %s', (k) => {
  expect(() => checkCutoff('map', k)).toThrow(`map: k expected a positive integer of ranks, got ${k}`);
});
