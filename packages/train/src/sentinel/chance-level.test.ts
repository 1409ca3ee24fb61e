import { expect, test } from 'vitest';
import { chanceLevel } from './chance-level.js';

test.each([
  ['pointwise_bce', undefined, 'ln 2', Math.LN2],
  ['pairwise_ranknet', 8, 'ln 2', Math.LN2],
  ['group_softmax', 8, 'ln 8', 2.0794],
  ['infonce', 16, 'ln 16', 2.7726],
])('%s over %s candidates is %s where nothing is told apart', (loss, candidates, name, level) => {
  expect(chanceLevel(loss, candidates)).toEqual({ name, loss: expect.closeTo(level, 4) });
});

test.each([
  ['regression_mse', 8],
  ['infonce', undefined],
  ['group_softmax', 1],
])('%s over %s candidates has no level', (loss, candidates) => {
  expect(chanceLevel(loss, candidates)).toBeUndefined();
});
