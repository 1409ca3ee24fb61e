import { expect, test } from 'vitest';
import { checkPosition, startPosition, type TrainerPosition } from './trainer-position.js';

// Updates of 2, 2 and 1 batches.
const shape = { epochs: 2, accumulation: 2, batchesPerEpoch: 5 };
const at = (part: Partial<TrainerPosition>) => () => checkPosition({ ...startPosition, ...part }, shape);

test('between two updates, at the end of an epoch, and at the end of the run', () => {
  for (const [epoch, batch, update] of [
    [0, 0, 0],
    [0, 4, 2],
    [0, 5, 3],
    [1, 0, 3],
    [1, 2, 4],
    [2, 0, 6],
  ] as const)
    at({ epoch, batch, update })();
});

test.each<[string, Partial<TrainerPosition>, RegExp]>([
  ['inside an update', { batch: 3, update: 2 }, /a batch between two updates of 2 batches, of 5 .*got 3/],
  ['behind the epoch', { batch: 6, update: 3 }, /got 6/],
  ['behind the run', { epoch: 3, update: 9 }, /an epoch from 0 to 2, got 3/],
  ['batches of an epoch that is none', { epoch: 2, batch: 2, update: 7 }, /got 2/],
  ['another number of updates', { epoch: 1, update: 4 }, /the 3 updates before it, got 4/],
  ['more skipped than done', { epoch: 1, update: 3, skipped: 4 }, /at most 3 skipped updates, got 4/],
  ['no number', { loss: { sum: Number.NaN, weight: 1 } }, /a loss and its weight, got NaN and 1/],
  ['negative tokens', { tokens: -1 }, /tokens and milliseconds, got -1 and 0/],
])('%s is refused', (_, part, message) => {
  expect(at(part)).toThrow(RangeError);
  expect(at(part)).toThrow(message);
});
