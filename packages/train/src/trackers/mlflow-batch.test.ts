import { expect, test } from 'vitest';
import { mlflowItems, mlflowKey, mlflowTag } from './mlflow-batch.js';

test.each([
  ['ndcg@10', 'ndcg_at_10'],
  ['train/损失 ø', 'train/损失 ø'],
  ['/a//../b(c)', '_/a/_/_../b_c_'],
  ['x'.repeat(300), 'x'.repeat(250)],
])('the name %s', (name, key) => {
  expect(mlflowKey(name)).toBe(key);
});

test('a text that is too long tells its length; a distribution is its outline', () => {
  const { value } = mlflowTag('text', 'y'.repeat(6_000));
  expect(value.length).toBe(5_000);
  expect(value).toMatch(/y… \(6000 characters\)$/);
  const histogram = { edges: [0, 4], counts: [4], sum: 8, sumOfSquares: 20 };
  const { metrics } = mlflowItems({ kind: 'histogram', step: 1, time: 5.5, name: 'len', histogram });
  expect(metrics.map(({ key, value: number }) => [key, number])).toEqual([
    ['len/mean', 2],
    ['len/min', 0],
    ['len/max', 4],
  ]);
  expect(metrics[0]!.timestamp).toBe(5);
});
