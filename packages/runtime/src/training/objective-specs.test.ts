import { input, matmul, mul, parameter, reduceSum } from '@rag/onnx';
import { expect, test } from 'vitest';
import { objectiveSpecs } from './objective-specs.js';

test('parameters with their shapes, and inputs with symbolic sizes, of training', () => {
  const specs = objectiveSpecs({
    build(mode) {
      const x = input('x', 'float32', ['rows', 2]);
      const mask = input('dropout.0.rows', 'float32', ['rows', 2]);
      const dropped = mode === 'train' ? mul(x, mask) : x;
      const weight = parameter('b', [2, 3]);
      return {
        inputs: mode === 'train' ? [x, mask] : [x],
        sum: reduceSum(matmul(dropped, weight)),
        weight: reduceSum(x),
        outputs: { scaled: mul(x, parameter('a', [2])) },
      };
    },
  });
  expect(specs).toEqual({
    parameters: [
      { name: 'b', shape: [2, 3] },
      { name: 'a', shape: [2] },
    ],
    inputs: [
      { name: 'x', shape: ['rows', 2] },
      { name: 'dropout.0.rows', shape: ['rows', 2] },
    ],
  });
});
