import { graphOf, input, linear, parameter } from '@rag/onnx';
import { expect, it } from 'vitest';
import { modelWithWeights, type WeightSource, weightsConfig } from './model-with-weights.js';

const ROWS = 40_000;
const x = input('x', 'float32', ['rows', 8_000]);
const graph = graphOf([x], {
  y: linear(x, parameter('weight', [ROWS, 8_000])),
});
const stored = (dtype: 'float32' | 'bfloat16', rows = ROWS): ReadonlyMap<string, WeightSource> =>
  new Map([['weight', { dtype, file: { location: 'w', offset: 0, length: rows * 8_000 * 2 } }]]);

it('half-precision weights of more than a GiB, once widened, are not widened when the model is opened', () => {
  expect(weightsConfig(graph, stored('bfloat16'))).toEqual({
    'session.disable_prepacking': '1',
    'optimization.disable_specified_optimizers': 'ConstantFolding',
  });
  expect(weightsConfig(graph, stored('bfloat16', 100))).toEqual({ 'session.disable_prepacking': '1' });
  expect(weightsConfig(graph, stored('float32'))).toEqual({ 'session.disable_prepacking': '1' });
  expect(weightsConfig(graph, new Map())).toEqual({ 'session.disable_prepacking': '1' });
});

it('a parameter without a source is refused', () => {
  expect(() => modelWithWeights(graph, new Map())).toThrow(
    'weights: expected "weight", got no such parameter — give every parameter of the model',
  );
});
