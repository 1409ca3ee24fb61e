import { expect, test } from 'vitest';
import { formatCount, formatDuration, formatSkipped, formatStepLine } from './progress-text.js';
import type { StepEvent } from './trainer.js';

test.each([
  [0.2, '0s'],
  [59.4, '59s'],
  [59.6, '1m00s'],
  [80, '1m20s'],
  [3599.6, '1h00m'],
  [7500, '2h05m'],
  [Number.NaN, '?'],
  [Number.POSITIVE_INFINITY, '?'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0, '0'],
  [999.4, '999'],
  [999.6, '1.0k'],
  [12_345, '12.3k'],
  [999_960, '1.0M'],
  [4_500_000, '4.5M'],
])('%d tokens are %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test('a line tells of place, loss, rate, norm, pace and time left', () => {
  const line = formatStepLine({
    update: 30,
    totalUpdates: 120,
    epoch: 0,
    epochs: 2,
    loss: 9,
    meanLoss: 0.43126,
    learningRate: 4.5e-5,
    gradientNorm: 1.2345,
    tokens: 1,
    tokensPerSecond: 12_345,
    secondsLeft: 80,
  });
  expect(line).toBe(
    'epoch 1/2 · 30/120 · loss 0.4313 · lr 4.50e-5 · norm 1.23 · 12.3k tokens/s · 1m20s left',
  );
});

test('a line tells of an update that was left out', () => {
  expect(formatSkipped({ update: 3, totalUpdates: 120, skipped: true, lossScale: 32768 } as StepEvent)).toBe(
    'update 3/120: gradients beyond fp16: skipped, loss scale 32768',
  );
});
