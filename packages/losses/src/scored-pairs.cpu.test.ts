import { trace } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { readPairs } from './scored-pairs.js';

const rows = { dtype: 'float32', shape: ['rows'] } as const;

test('filler is out of the way, and weights are logarithms', async () => {
  const graph = trace({ scores: rows, labels: rows, row_weight: rows }, (inputs) => {
    const { scores, labels, logWeights, weight } = readPairs('loss', inputs);
    return { zeroed: scores, labelled: labels, logWeights, weight };
  });
  const results = await runGraph(graph, {
    scores: tensor([1, Number.NaN, 3], 'float32'),
    labels: tensor([4, Number.NaN, 6], 'float32'),
    row_weight: tensor([1, 0, 2], 'float32'),
  });
  expect(numbersOf(results.zeroed!)).toEqual([1, 0, 3]);
  expect(numbersOf(results.labelled!)).toEqual([4, 0, 6]);
  expect(numbersOf(results.logWeights!)).toEqual([0, 0, expect.closeTo(Math.LN2, 6)]);
  expect(numbersOf(results.weight!)).toEqual([3]);
});

test('without weights every row counts 1', async () => {
  const graph = trace({ scores: rows, labels: rows }, (inputs) => ({
    weight: readPairs('loss', inputs).weight,
  }));
  const { weight } = await runGraph(graph, {
    scores: tensor([0, 0, 0], 'float32'),
    labels: tensor([0, 0, 0], 'float32'),
  });
  expect(numbersOf(weight!)).toEqual([3]);
});
