import { expect, test } from 'vitest';
import { softmaxLoss } from './softmax-loss.js';

test('the loss is the mean cross-entropy of the right candidates', () => {
  const even = { scores: [1, 1, 1, 1], target: 2 };
  expect(softmaxLoss([even], 0.05)).toBeCloseTo(Math.log(4), 12);
  // log(1 + e^−2) and log(1 + e^2).
  const pair = [
    { scores: [1, 0], target: 0 },
    { scores: [1, 0], target: 1 },
  ];
  const expected = (Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(2))) / 2;
  expect(softmaxLoss(pair, 0.5)).toBeCloseTo(expected, 12);
});

test('those left out are no candidates, the right one always is', () => {
  const choice = { scores: [5, 1, 1], target: 1, leftOut: new Set([0, 1]) };
  expect(softmaxLoss([choice], 1)).toBeCloseTo(Math.log(2), 12);
});

test('large scores do not overflow; others are refused', () => {
  expect(softmaxLoss([{ scores: [2000, -2000], target: 1 }], 1)).toBeCloseTo(4000, 9);
  expect(() => softmaxLoss([{ scores: [Number.NaN, 1], target: 1 }], 1)).toThrow(
    'expected finite numbers, got NaN',
  );
  expect(() => softmaxLoss([], 1)).toThrow('expected a query with a relevant passage and another');
});
