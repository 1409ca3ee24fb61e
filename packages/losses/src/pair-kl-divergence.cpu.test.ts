import { input } from '@rag/onnx';
import { floats, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { pairKlDivergence } from './pair-kl-divergence.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  scores: floats([5], 1),
  labels: floats([5], 2),
  row_weight: tensor([1, 2, 0, 0.5, 1], 'float64'),
};

// Small where the two agree, as the difference of logarithms of order 1/T.
examineBatch('scored', 'pairKlDivergence', (inputs) => pairKlDivergence(inputs as never), {
  wrt: ['scores'],
  smooth,
  tolerance: 3e-6,
  smallest: 1,
});
examineBatch(
  'scored',
  'pairKlDivergence temperature 1',
  (inputs) => pairKlDivergence(inputs as never, { temperature: 1 }),
  { wrt: ['scores'], smooth },
);

test('a temperature of 0 and labels of another shape are refused', () => {
  const [scores, labels] = [input('scores', 'float32', ['rows']), input('labels', 'float32', ['others'])];
  expect(() => pairKlDivergence({ scores, labels: scores }, { temperature: 0 })).toThrow(
    'pairKlDivergence: expected a temperature above 0, got 0',
  );
  expect(() => pairKlDivergence({ scores, labels })).toThrow(
    'pairKlDivergence: expected labels float32[rows] beside the other inputs, got float32[others]',
  );
});
