import { expect, test } from 'vitest';
import { costMeter } from './cost-meter.js';

const tokens = (promptTokens: number, completionTokens = 0) => ({ promptTokens, completionTokens });
const prices = { promptPrice: 2, completionPrice: 8 };

test('counts what was used, from what was used before', async () => {
  const meter = costMeter(prices, tokens(1_000_000, 500_000));
  expect(meter.spent).toBe(6);
  expect(await meter.reserve(tokens(1e9))).toBe(true);
  meter.settle(tokens(1e9), tokens(250_000));
  expect(meter.spent).toBe(6.5);
});

test('the limit holds over what is under way: a request waits until others turn out cheaper', async () => {
  const meter = costMeter({ ...prices, maxCost: 2 });
  expect(await meter.reserve(tokens(600_000))).toBe(true);
  let isThrough: boolean | undefined;
  const second = meter.reserve(tokens(600_000)).then((granted) => {
    isThrough = granted;
  });
  await Promise.resolve();
  expect(isThrough).toBeUndefined();
  meter.settle(tokens(600_000), tokens(400_000));
  await second;
  expect(isThrough).toBe(true);
  // Dearer than all that is left: no waiting.
  expect(await meter.reserve(tokens(600_001))).toBe(false);
  meter.settle(tokens(600_000), tokens(600_000));
  expect(await meter.reserve(tokens(1))).toBe(false);
  expect(meter.spent).toBe(2);
});
