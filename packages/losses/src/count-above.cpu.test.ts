import { trace } from '@rag/onnx';
import { floats, numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { countAbove } from './count-above.js';

/** 0…n−1 in an order that follows from the seed. */
const permutation = (n: number, seed: number): number[] =>
  numbersOf(floats([n], seed))
    .map((key, at) => ({ key, at }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ at }) => at);

test.each([
  [1, 0],
  [1, 3],
  [2, 1],
  [7, 3],
  [8, 3],
  [9, 4],
  [9, 12],
])('%d places with %d levels: every question as counted one by one', async (n, levels) => {
  const orders = [permutation(n, 1), permutation(n, 2)];
  const questions = Array.from({ length: n * (n + 1) }, (_, at) => ({
    pivot: at % n,
    length: Math.floor(at / n),
  }));
  const matrix = { dtype: 'float32', shape: ['lists', 'n'] } as const;
  const graph = trace(
    {
      places: { dtype: 'float32', shape: [1, 'n'] },
      order: matrix,
      pivots: { dtype: 'float32', shape: [1, 'questions'] },
      lengths: { dtype: 'float32', shape: ['lists', 'questions'] },
    },
    (inputs) => ({ above: countAbove(inputs, levels) }),
  );
  const lengths = questions.map(({ length }) => length);
  const { above } = await runGraph(graph, {
    places: tensor([...Array(n).keys()], 'float32', [1, n]),
    order: tensor(orders.flat(), 'float32', [2, n]),
    pivots: tensor(
      questions.map(({ pivot }) => pivot),
      'float32',
      [1, questions.length],
    ),
    lengths: tensor([...lengths, ...lengths], 'float32', [2, questions.length]),
  });
  const counted = orders.flatMap((order) =>
    questions.map(({ pivot, length }) => order.slice(0, length).filter((place) => place > pivot).length),
  );
  expect(numbersOf(above!)).toEqual(counted);
});
