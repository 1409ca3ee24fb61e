import { input } from '@rag/onnx';
import { floats, tensor, testOp } from '@rag/onnx/testing';
import { describe, expect, test } from 'vitest';
import { inBatchDistillation } from './in-batch-distillation.js';
import { m3Batch, m3Inputs, m3Losses, m3Result, worstShare } from './testing/m3-golden.js';

const kinds = ['kl_div', 'm3_kd_loss'] as const;
const cases = kinds.flatMap((kind) => [0.02, 1].map((temperature) => [kind, temperature] as const));

describe.each(cases)('%s at temperature %d', (kind, temperature) => {
  const golden = m3Losses[`${kind} ${temperature === 1 ? '1.0' : temperature}`]!;
  const loss = (inputs: object) =>
    inBatchDistillation({ ...inputs, scores: (inputs as { dense: never }).dense } as never, {
      kind,
      temperature,
    });

  test.each([false, true])('is FlagEmbedding’s in PyTorch; filler with NaN %s', async (filler) => {
    const got = await m3Result(m3Batch({ filler }), loss, ['dense']);
    expect(got.weight).toBe(3);
    expect(Math.abs(got.loss - golden.loss)).toBeLessThan(3e-6 * golden.loss);
    expect(worstShare(got.gradients.dense!, golden.gradients.dense!)).toBeLessThan(3e-5);
  });
});

test.each(kinds)('the gradient of %s is a central difference', async (kind) => {
  const { differentiated } = await testOp({
    ops: [],
    inputs: {
      scores: floats([2, 6], 1),
      teacher_scores: floats([2, 3], 2),
      target: tensor([0, 3]),
      mask: tensor([1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1], 'float64', [2, 6]),
      row_weight: tensor([1, 0.5], 'float64'),
      group_index: tensor([0, 1, 2, 3, 4, 0], 'int64', [2, 3]),
      group_mask: tensor([1, 1, 1, 1, 1, 0], 'float64', [2, 3]),
    },
    symbolic: {
      scores: ['queries', 'candidates'],
      mask: ['queries', 'candidates'],
      teacher_scores: ['queries', 'size'],
      group_mask: ['queries', 'size'],
      group_index: ['queries', 'size'],
      target: ['queries'],
      row_weight: ['queries'],
    },
    wrt: ['scores'],
    build: (values) => inBatchDistillation(values as never, { kind, temperature: 0.5 }).sum,
  });
  expect(differentiated).toEqual(['scores']);
});

test('inputs are checked', () => {
  const scores = input('scores', 'float32', ['queries', 'candidates']);
  expect(() => inBatchDistillation({ ...m3Inputs, scores }, { temperature: 0 })).toThrow(
    'inBatchDistillation: expected a temperature above 0',
  );
  const group_mask = input('group_mask', 'float32', ['queries', 9]);
  expect(() => inBatchDistillation({ ...m3Inputs, scores, group_mask })).toThrow('expected group_mask');
  const group_index = input('group_index', 'float32', ['queries', 'size']);
  expect(() => inBatchDistillation({ ...m3Inputs, scores, group_index })).toThrow(
    'expected group_index int64',
  );
});
