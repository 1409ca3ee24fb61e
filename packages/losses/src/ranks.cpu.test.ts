import { cast, greater, trace } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { ranks, withinFirst } from './ranks.js';

const matrix = { dtype: 'float32', shape: ['groups', 'size'] } as const;

test('ranks descend with the score, ties go by position, filler is not counted', async () => {
  const graph = trace({ x: matrix, mask: matrix }, ({ x, mask }) => ({ rank: ranks(x, greater(mask, 0)) }));
  const { rank } = await runGraph(graph, {
    x: tensor([0.5, 2, 0.5, -1, 9, 9, 1, 1], 'float32', [2, 4]),
    mask: tensor([1, 1, 1, 1, 0, 1, 1, 1], 'float32', [2, 4]),
  });
  const [a, b] = [numbersOf(rank!).slice(0, 4), numbersOf(rank!).slice(5)];
  expect(a).toEqual([2, 1, 3, 4]);
  expect(b).toEqual([1, 2, 3]);
});

test('a pair is within the first k when one of the two is', async () => {
  const graph = trace({ rank: matrix }, ({ rank }) => ({ within: cast(withinFirst(rank, 1), 'float32') }));
  const { within } = await runGraph(graph, { rank: tensor([2, 1, 3], 'float32', [1, 3]) });
  expect(within!.shape).toEqual([1, 3, 3]);
  expect(numbersOf(within!)).toEqual([0, 1, 0, 1, 1, 1, 0, 1, 0]);
});
