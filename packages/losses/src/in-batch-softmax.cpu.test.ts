import { gradients, trace } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { inBatchSoftmax } from './in-batch-softmax.js';

test('smoke', async () => {
  const m = { dtype: 'float32', shape: ['q', 'c'] } as const;
  const graph = trace({ scores: m, mask: m, target: { dtype: 'int64', shape: ['q'] } }, (i) => {
    const { sum, weight } = inBatchSoftmax(i, { temperature: 1 });
    return { sum, weight, g: gradients(sum, [i.scores])[0]! };
  });
  const r = await runGraph(graph, {
    scores: tensor([1, 0, Number.NaN, 0, 1, 0], 'float32', [2, 3]),
    mask: tensor([1, 1, 0, 1, 0, 1], 'float32', [2, 3]),
    target: tensor([0, 1]),
  });
  const two = Math.log1p(Math.exp(-1));
  expect(numbersOf(r.sum!)[0]).toBeCloseTo(two + Math.log(1 + 2 * Math.exp(-1)), 5);
  expect(numbersOf(r.weight!)[0]).toBe(2);
  expect(numbersOf(r.g!).every(Number.isFinite)).toBe(true);
});
