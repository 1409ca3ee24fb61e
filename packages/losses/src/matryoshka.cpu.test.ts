import { input, matmul, transpose, type Value } from '@rag/onnx';
import { floats, tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { inBatchSoftmax } from './in-batch-softmax.js';
import { matryoshka } from './matryoshka.js';
import { examineBatch } from './testing/batch-exam.js';

const smooth = {
  query: floats([3, 8], 1),
  passage: floats([4, 8], 2),
  target: tensor([1, 0, 3]),
  mask: tensor([1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1], 'float64', [3, 4]),
};

const contrastive =
  (dims: readonly number[]) =>
  ({ query, passage, ...inputs }: Record<string, Value>) =>
    matryoshka(dims, [query!, passage!], ([queries, passages]) => {
      const scores = matmul(queries!, transpose(passages!));
      return inBatchSoftmax({ ...inputs, scores } as never, { temperature: 0.05 });
    });

const options = { wrt: ['query', 'passage'], smooth, tolerance: 3e-6 };
examineBatch('embedded', 'matryoshka 2, 4, 8', contrastive([8, 2, 4]), options);
examineBatch('embedded', 'matryoshka full width', contrastive([]), options);

test('widths are those of the vectors', () => {
  const vectors = (width: number) => input('vectors', 'float32', ['rows', width]);
  const never = () => {
    throw new Error('called');
  };
  expect(() => matryoshka([4, 16], [vectors(8)], never)).toThrow(
    'matryoshka: expected distinct widths from 1 to 8, got 16 in 4, 16',
  );
  expect(() => matryoshka([4], [vectors(8), vectors(16)], never)).toThrow('expected vectors of one width');
  expect(() => matryoshka([4], [], never)).toThrow('got none');
});
