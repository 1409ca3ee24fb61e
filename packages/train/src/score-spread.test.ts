import { expect, test } from 'vitest';
import { scoreSpread } from './score-spread.js';

test('the standard deviation over all batches', () => {
  const spread = scoreSpread();
  spread.add(Float32Array.of(1, 2));
  spread.add(Float32Array.of(3, 6));
  expect(spread.value()).toBeCloseTo(Math.sqrt(3.5), 12);
});

test('scores that are far from 0 and nearly equal', () => {
  const spread = scoreSpread();
  spread.add(new Float32Array(1000).fill(1000));
  expect(spread.value()).toBe(0);
  spread.add(Float32Array.of(1000.5));
  expect(spread.value()).toBeGreaterThan(0.01);
});

test('what is no list of scores, and fewer than two', () => {
  const spread = scoreSpread();
  spread.add(undefined);
  spread.add('logits');
  spread.add(Float32Array.of(7));
  expect(spread.value()).toBeUndefined();
});
