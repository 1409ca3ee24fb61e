import { cast, greater, trace, type Value } from '@rag/onnx';
import { numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import {
  anyDocument,
  crossEntropy,
  logProbabilities,
  overGroups,
  probabilities,
  readGroups,
} from './groups.js';

const matrix = { dtype: 'float32', shape: ['groups', 'size'] } as const;

async function evaluate(
  x: number[],
  mask: number[],
  build: (x: Value, mask: Value) => Record<string, Value>,
): Promise<Record<string, number[]>> {
  const graph = trace({ x: matrix, mask: matrix }, (inputs) => build(inputs.x, inputs.mask));
  const shape = [x.length / 3, 3];
  const outputs = await runGraph(graph, {
    x: tensor(x, 'float32', shape),
    mask: tensor(mask, 'float32', shape),
  });
  return Object.fromEntries(Object.entries(outputs).map(([name, y]) => [name, numbersOf(y)]));
}

test('softmax and its logarithm see the chosen only, and 0 where nothing is chosen', async () => {
  const { p, logP, loss } = await evaluate([5, 0, 0, 1, 2, 3], [0, 1, 1, 0, 0, 0], (x, mask) => {
    const [chosen, target] = [greater(mask, 0), probabilities(x, greater(mask, 0))];
    const logP = logProbabilities(x, chosen);
    return { p: target, logP, loss: crossEntropy(target, logP) };
  });
  expect(p).toEqual([0, 0.5, 0.5, 0, 0, 0]);
  for (const [at, expected] of [0, -Math.LN2, -Math.LN2, 0, 0, 0].entries())
    expect(logP![at]).toBeCloseTo(expected, 6);
  expect(loss![0]).toBeCloseTo(Math.LN2, 6);
  expect(loss![1]).toBeCloseTo(0, 6);
});

test('groups of two documents or more that meet the condition count', async () => {
  const results = await evaluate([1, 1, 1, 1, 0, 1, 0, 0, 0], [1, 1, 1, 0, 0, 1, 1, 1, 0], (x, mask) => {
    const groups = readGroups('loss', { logits: x, mask });
    const { sum, weight } = overGroups(groups, anyPerGroup(x), anyDocument(greater(x, 0)));
    return { sum, weight, comparable: cast(groups.comparable, 'float32') };
  });
  expect(results).toEqual({ sum: [1], weight: [1], comparable: [1, 0, 1] });
});

const anyPerGroup = (x: Value): Value => cast(anyDocument(greater(x, -1)), 'float32');
