import { expect, test } from 'vitest';
import { shortNumber, ticksOf, tickText } from './ticks.js';

const texts = (low: number, high: number) => {
  const ticks = ticksOf(low, high);
  return ticks.map((tick) => tickText(tick, ticks));
};

test.each([
  [0, 1, ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']],
  [0.31, 0.69, ['0.3', '0.4', '0.5', '0.6', '0.7']],
  [0, 5e-5, ['0', '1e-5', '2e-5', '3e-5', '4e-5', '5e-5']],
  [-3, 3, ['-3', '-2', '-1', '0', '1', '2', '3']],
  [0, 12_000_000, ['0', '2e6', '4e6', '6e6', '8e6', '1e7', '1.2e7']],
])('from %d to %d', (low, high, expected) => {
  expect(texts(low, high)).toEqual(expected);
});

test('equal values have ticks too', () => {
  const ticks = ticksOf(0.7, 0.7, 0.01);
  expect(ticks[0]).toBeLessThan(0.7001);
  expect(ticks.at(-1)).toBeGreaterThan(0.6999);
  expect(ticksOf(0, 0).length).toBeGreaterThan(1);
});

test.each([
  [0, '0'],
  [0.00002, '2e-5'],
  [0.712344, '0.7123'],
  [1_500_000_000, '1.5e9'],
])('%d is %s', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});
