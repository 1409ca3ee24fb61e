import { expect, test } from 'vitest';
import { exampleWeights } from './example-weights.js';

test('weights are softmax(−loss / temperature)', () => {
  // torch.softmax(-torch.tensor([2.0, 0.5, 3.0]) / 5, -1)
  const weights = exampleWeights([2, 0.5, 3]);
  expect(weights.map((weight) => Number(weight.toFixed(4)))).toEqual([0.3156, 0.426, 0.2584]);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(weights[1]! / weights[0]!).toBeCloseTo(Math.exp(1.5 / 5), 12);
});

test('a low temperature takes the best model, and large losses do not underflow', () => {
  expect(exampleWeights([1, 2], 1e-4)).toEqual([1, 0]);
  expect(exampleWeights([10_000, 10_000], 0.1)).toEqual([0.5, 0.5]);
  expect(() => exampleWeights([1, 2], 0)).toThrow('--temperature: expected a number above 0, got 0');
});
