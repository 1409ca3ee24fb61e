import { input } from '@rag/onnx';
import { floats, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { type InBatchInputs, inBatchSoftmax } from './in-batch-softmax.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  scores: floats([3, 5], 1),
  target: tensor([4, 0, 2]),
  mask: tensor([1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1], 'float64', [3, 5]),
  row_weight: tensor([1, 0.5, 1], 'float64'),
};

examineBatch('inBatch', 'inBatchSoftmax', (inputs) => inBatchSoftmax(inputs as never), {
  wrt: ['scores'],
  smooth,
  tolerance: 3e-6,
  smallest: 1,
});
examineBatch(
  'inBatch',
  'inBatchSoftmax temperature 1',
  (inputs) => inBatchSoftmax(inputs as never, { temperature: 1 }),
  { wrt: ['scores'], smooth },
);

const inputs: InBatchInputs = {
  scores: input('scores', 'float32', ['queries', 'candidates']),
  target: input('target', 'int64', ['queries']),
  mask: input('mask', 'float32', ['queries', 'candidates']),
};

test('inputs are checked', () => {
  const scores = input('scores', 'float32', ['queries']);
  expect(() => inBatchSoftmax({ ...inputs, scores })).toThrow(
    'inBatchSoftmax: expected floating-point scores [queries, candidates], got float32[queries]',
  );
  expect(() => inBatchSoftmax({ ...inputs, target: input('target', 'float32', ['queries']) })).toThrow(
    'inBatchSoftmax: expected target int64[queries] beside the other inputs, got float32[queries]',
  );
  const mask = input('mask', 'float32', ['queries', 4]);
  expect(() => inBatchSoftmax({ ...inputs, mask })).toThrow('inBatchSoftmax: expected mask float32');
  expect(() => inBatchSoftmax({ ...inputs, row_weight: mask })).toThrow('expected row_weight');
});

test.each([0, -0.02, Number.NaN, Number.POSITIVE_INFINITY])('temperature %d is refused', (temperature) => {
  expect(() => inBatchSoftmax(inputs, { temperature })).toThrow(
    'inBatchSoftmax: expected a temperature above 0',
  );
});
