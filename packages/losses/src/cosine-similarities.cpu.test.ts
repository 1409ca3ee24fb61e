import { gradients, input, reduceSum, trace } from '@rag/onnx';
import { floats, numbersOf, runGraph, tensor, testOp } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { cosineSimilarities, pairCosines } from './cosine-similarities.js';

const pair = { a: { dtype: 'float32', shape: ['m', 2] }, b: { dtype: 'float32', shape: ['m', 2] } } as const;

test('cosines of all pairs and row by row, whatever the lengths', async () => {
  const graph = trace(pair, ({ a, b }) => ({ all: cosineSimilarities(a, b), own: pairCosines(a, b) }));
  const { all, own } = await runGraph(graph, {
    a: tensor([3, 4, 0, 1e-6], 'float32', [2, 2]),
    b: tensor([300, 400, 1, 0], 'float32', [2, 2]),
  });
  for (const [at, cosine] of [1, 0.6, 0.8, 0].entries()) expect(numbersOf(all!)[at]).toBeCloseTo(cosine, 6);
  for (const [at, cosine] of [1, 0].entries()) expect(numbersOf(own!)[at]).toBeCloseTo(cosine, 6);
});

test('a zero vector has cosine 0 and takes no gradient', async () => {
  const graph = trace(pair, ({ a, b }) => {
    const all = cosineSimilarities(a, b);
    return { all, gradient: gradients(reduceSum(all), [a])[0]! };
  });
  const { all, gradient } = await runGraph(graph, {
    a: tensor([0, 0, 1, 0], 'float32', [2, 2]),
    b: tensor([1, 2, 0, 0], 'float32', [2, 2]),
  });
  expect(numbersOf(all!).slice(0, 2)).toEqual([0, 0]);
  expect(numbersOf(gradient!).slice(0, 2)).toEqual([0, 0]);
  expect(
    numbersOf(gradient!)
      .slice(2)
      .some((x) => x !== 0),
  ).toBe(true);
});

test('the gradients are central differences', async () => {
  const inputs = { a: floats([3, 4], 1), b: floats([3, 4], 2) };
  const symbolic = { a: ['m', 4], b: ['m', 4] };
  await testOp({
    ops: [],
    inputs,
    symbolic,
    build: ({ a, b }) => [cosineSimilarities(a!, b!), pairCosines(a!, b!)],
  });
});

test('vectors of two widths or dtypes are refused', () => {
  const vectors = (width: number, dtype: 'float32' | 'float64' = 'float32') =>
    input('v', dtype, ['rows', width]);
  expect(() => cosineSimilarities(vectors(4), vectors(8))).toThrow('expected vectors of one dtype and width');
  expect(() => cosineSimilarities(vectors(4), vectors(4, 'float64'))).toThrow(
    'got float32[rows, 4] and float64',
  );
  expect(() => pairCosines(vectors(4), vectors(8))).toThrow('pairCosines: expected vectors float32[rows, 4]');
});
