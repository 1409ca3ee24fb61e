import { unsqueeze, type Value } from '@rag/onnx';
import { tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { rankNet } from './rank-net.js';
import { evaluate, examineGroup } from './testing/exam.js';

examineGroup('rankNet', rankNet);

test('the batch as one group pairs documents of different queries', async () => {
  const overBatch = ({ logits, labels, row_weight }: Record<'logits' | 'labels' | 'row_weight', Value>) =>
    rankNet({
      logits: unsqueeze(logits, [0]),
      labels: unsqueeze(labels, [0]),
      mask: unsqueeze(row_weight, [0]),
    });
  const row = (...data: number[]) => tensor(data, 'float32');
  const { sum, weight, gradient } = await evaluate(overBatch, {
    logits: row(1, 0, 3),
    labels: row(2, 0, 1),
    row_weight: row(1, 1, 1),
  });
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  expect(weight).toBe(3);
  expect(sum).toBeCloseTo(2 * softplus(-1) + softplus(2) + softplus(-3), 5);
  expect(gradient).toHaveLength(3);
});
