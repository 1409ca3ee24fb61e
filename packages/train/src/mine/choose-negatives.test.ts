import { expect, test } from 'vitest';
import { candidateOrder, droppedBy, type NegativeRules } from './choose-negatives.js';

const rules = (more: Partial<NegativeRules>): NegativeRules => ({
  negatives: 2,
  sampling: 'top',
  seed: 1,
  ...more,
});

test.each([
  // score, positive, rule, dropped by
  [0.9, 0.5, {}, undefined],
  [0.9, 0.5, { maxScore: 0.8 }, 'max_score'],
  [0.8, 0.5, { maxScore: 0.8 }, undefined],
  [0.1, 0.5, { minScore: 0.2 }, 'min_score'],
  [0.2, 0.5, { minScore: 0.2 }, undefined],
  [0.41, 0.5, { absoluteMargin: 0.1 }, 'absolute_margin'],
  [0.4, 0.5, { absoluteMargin: 0.1 }, undefined],
  [0.5, 0.5, { absoluteMargin: 0 }, undefined],
  [0.96, 1, { relativeMargin: 0.05 }, 'relative_margin'],
  [0.95, 1, { relativeMargin: 0.05 }, undefined],
  // 95 % of a negative score would be above it.
  [-1, -1, { relativeMargin: 0.05 }, 'relative_margin'],
  [-1.06, -1, { relativeMargin: 0.05 }, undefined],
  [0.9, 0.5, { maxScore: 0.8, absoluteMargin: 0.1, relativeMargin: 0.1 }, 'max_score'],
  [0.7, 0.5, { maxScore: 0.8, absoluteMargin: 0.1, relativeMargin: 0.1 }, 'absolute_margin'],
] as const)('%d beside a positive of %d under %j: %s', (score, positive, given, expected) => {
  expect(droppedBy(score, positive, rules(given))).toBe(expected);
});

test('candidates are asked by rank, or in an order of seed and row', () => {
  expect(candidateOrder(4, 9, rules({}))).toEqual([0, 1, 2, 3]);
  const random = (row: number, seed = 1) => candidateOrder(50, row, rules({ sampling: 'random', seed }));
  expect(random(9)).toEqual(random(9));
  expect(random(9)).not.toEqual(random(10));
  expect(random(9)).not.toEqual(random(9, 2));
  expect(random(9).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});
