import { input, trace, type Value } from '@rag/onnx';
import { floats, numbersOf, runGraph, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { type FalseNegativeOptions, falseNegativeMask } from './false-negative-mask.js';
import { inBatchSoftmax } from './in-batch-softmax.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  scores: floats([3, 5], 1),
  guide: floats([3, 5], 2),
  target: tensor([4, 0, 2]),
  mask: tensor([1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1], 'float64', [3, 5]),
};

const guided =
  (options: FalseNegativeOptions) =>
  ({ guide, ...inputs }: Record<string, Value>) => {
    const given = inputs as never as Parameters<typeof inBatchSoftmax>[0];
    const mask = falseNegativeMask({ ...given, guide: guide! }, options);
    return inBatchSoftmax({ ...given, mask }, { temperature: 0.05 });
  };

const exam = { wrt: ['scores'], smooth, tolerance: 3e-6 };
examineBatch('guided', 'absolute margin 0.1', guided({ margin: 0.1 }), exam);
examineBatch('guided', 'relative margin 0.05', guided({ margin: 0.05, strategy: 'relative' }), exam);

test('what the guide finds as near as the positive is masked, and the mask stays', async () => {
  const matrix = { dtype: 'float32', shape: ['queries', 'candidates'] } as const;
  const graph = trace(
    { guide: matrix, mask: matrix, target: { dtype: 'int64', shape: ['queries'] } },
    (inputs) => ({
      kept: falseNegativeMask(inputs),
    }),
  );
  const { kept } = await runGraph(graph, {
    guide: tensor([0.5, 0.625, 0.5, 0.25, 0, 0.25, Number.NaN, 1], 'float32', [2, 4]),
    mask: tensor([1, 1, 1, 0, 1, 1, 1, 0], 'float32', [2, 4]),
    target: tensor([0, 3]),
  });
  expect(numbersOf(kept!)).toEqual([1, 0, 1, 0, 1, 1, 0, 0]);
});

test('a margin that is no number and an unknown strategy are refused', () => {
  const guide = input('guide', 'float32', ['queries', 'candidates']);
  const target = input('target', 'int64', ['queries']);
  const refused = (options: FalseNegativeOptions) => () =>
    falseNegativeMask({ guide, target, mask: guide }, options);
  expect(refused({ margin: Number.NaN })).toThrow('falseNegativeMask: expected a margin, got NaN');
  expect(refused({ strategy: 'percent' as never })).toThrow(
    'expected strategy absolute or relative, got "percent"',
  );
});
