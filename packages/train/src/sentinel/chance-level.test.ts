import { expect, test } from 'vitest';
import { chanceLevel, retrieverChance } from './chance-level.js';

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

const settings = {
  ...{ batchSize: 4, negNums: 3, othersPositives: false, knowledgeDistillation: false },
  trainGroupSize: undefined,
};

test.each([
  ['rows without negatives meet the other positives', {}, 0, 'ln 4'],
  ['negatives of all rows, and the own positive', {}, 9, 'ln 13'],
  ['and the others’ positives', { othersPositives: true }, 9, 'ln 16'],
  ['a group is a positive and its negatives', { trainGroupSize: 2 }, 9, 'ln 5'],
])('%s', (_, changed, negatives, name) => {
  expect(retrieverChance('infonce', { ...settings, ...changed }, { negatives })).toMatchObject({
    chance: { name },
  });
});

test.each([
  ['cosent', {}],
  ['infonce', { useMrl: true }],
  ['infonce', { knowledgeDistillation: true }],
  ['infonce', { unifiedFinetuning: true }],
  ['infonce', { batchSize: 1 }],
])('%s with %j has no known level', (loss, changed) => {
  expect(retrieverChance(loss, { ...settings, ...changed }, { negatives: 0 })).toEqual({});
});
