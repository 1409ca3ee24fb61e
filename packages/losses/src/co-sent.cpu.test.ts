import { input } from '@rag/onnx';
import { floats, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { coSent } from './co-sent.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  scores: floats([5], 1),
  labels: tensor([0, 1, 0.5, 0.5, 1], 'float64'),
  row_weight: tensor([1, 2, 0, 0.5, 1], 'float64'),
};

examineBatch('scored', 'coSent', (inputs) => coSent(inputs as never), {
  wrt: ['scores'],
  smooth,
  tolerance: 3e-6,
});
examineBatch('scored', 'coSent scale 1', (inputs) => coSent(inputs as never, { scale: 1 }), {
  wrt: ['scores'],
  smooth,
});

test.each([0, -20, Number.NaN])('scale %d is refused', (scale) => {
  const scores = input('scores', 'float32', ['rows']);
  expect(() => coSent({ scores, labels: scores }, { scale })).toThrow('coSent: expected a scale above 0');
});
