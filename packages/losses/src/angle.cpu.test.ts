import { input } from '@rag/onnx';
import { floats, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { angle } from './angle.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  first: floats([5, 6], 1),
  second: floats([5, 6], 2),
  labels: tensor([0, 1, 0.5, 0.5, 1], 'float64'),
  row_weight: tensor([1, 2, 0, 0.5, 1], 'float64'),
};

examineBatch('vectors', 'angle', (inputs) => angle(inputs as never), {
  wrt: ['first', 'second'],
  smooth,
  tolerance: 3e-6,
});
examineBatch('vectors', 'angle scale 1', (inputs) => angle(inputs as never, { scale: 1 }), {
  wrt: ['first', 'second'],
  smooth,
  tolerance: 3e-6,
});

test('an odd width, or one that is not known, is refused', () => {
  const labels = input('labels', 'float32', ['rows']);
  for (const dim of [5, 'dim']) {
    const first = input('first', 'float32', ['rows', dim]);
    expect(() => angle({ first, second: first, labels })).toThrow(`angle: expected an even dim`);
  }
});

test('vectors of two widths are refused', () => {
  const vectors = (dim: number) => input('vectors', 'float32', ['rows', dim]);
  const labels = input('labels', 'float32', ['rows']);
  expect(() => angle({ first: vectors(4), second: vectors(6), labels })).toThrow(
    'angle: expected second float32',
  );
});
