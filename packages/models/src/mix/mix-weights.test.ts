import { expect, test } from 'vitest';
import { checkWeights, weightsOfTensors } from './mix-weights.js';

test('weights have the sum 1 within 1e-6, whichever side they miss it on', () => {
  expect(checkWeights([0.1, 0.2, 0.7], 3)).toEqual([0.1, 0.2, 0.7]);
  expect(checkWeights([1.5, -0.5], 2)).toEqual([1.5, -0.5]);
  expect(checkWeights([0.5, 0.5000009], 2)).toEqual([0.5, 0.5000009]);
  // LM-Cocktail's `sum − 1 <= 1e-3` lets the first three pass.
  for (const weights of [
    [0.2, 0.2],
    [0, 0],
    [-3, 1],
    [0.5, 0.500002],
    [0.5, 0.6],
  ])
    expect(() => checkWeights(weights, 2)).toThrow(/weights: expected the sum 1 within 0\.000001, got/);
});

test('weights are normalised where that is asked for and possible', () => {
  expect(checkWeights([1, 3], 2, 'weights', true)).toEqual([0.25, 0.75]);
  expect(() => checkWeights([0, 0], 2, 'weights', true)).toThrow('got 0 — raise a weight');
  expect(() => checkWeights([1, -2], 2, 'weights', true)).toThrow('got -1 — raise a weight');
});

test('there is a finite weight per model', () => {
  expect(() => checkWeights([1], 2)).toThrow('weights: expected 2 numbers, one per model, got 1');
  expect(() => checkWeights([Number.NaN, 1], 2)).toThrow('weights: expected 2 numbers');
  expect(() => checkWeights([], 2)).toThrow('got none');
});

test('weights of layers are checked like the others, by their pattern', () => {
  const options = { weights: [0.5, 0.5], layers: [{ match: /a/, weights: [0.5, 0.6] }] };
  expect(() => weightsOfTensors(options, 2, ['a'])).toThrow('layers /a/: expected the sum 1');
  const weightsOf = weightsOfTensors({ ...options, normalize: true, weights: [2, 2] }, 2, ['a', 'b']);
  expect(weightsOf('a')).toEqual([0.5 / 1.1, 0.6 / 1.1]);
  expect(weightsOf('b')).toEqual([0.5, 0.5]);
});
