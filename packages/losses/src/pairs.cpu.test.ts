import { cast, trace } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { readGroups } from './groups.js';
import { orderedPairs } from './pairs.js';

test('a pair is ordered where both are documents and the first has the higher label', async () => {
  const matrix = { dtype: 'float32', shape: ['groups', 'size'] } as const;
  const graph = trace({ labels: matrix, mask: matrix }, ({ labels, mask }) => {
    const { ordered, gap, count } = orderedPairs(readGroups('loss', { logits: labels, mask }), labels);
    return { ordered: cast(ordered, 'float32'), gap, count };
  });
  const { ordered, gap, count } = await runGraph(graph, {
    labels: tensor([2, 0, 2, 5], 'float32', [1, 4]),
    mask: tensor([1, 1, 1, 0], 'float32', [1, 4]),
  });
  expect(ordered!.shape).toEqual([1, 4, 4]);
  expect(numbersOf(ordered!)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(numbersOf(gap!).slice(0, 4)).toEqual([0, 2, 0, -3]);
  expect(numbersOf(count!)).toEqual([2]);
});
