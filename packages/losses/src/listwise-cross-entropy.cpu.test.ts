import { tensor } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { listwiseCrossEntropy } from './listwise-cross-entropy.js';
import { evaluate, examineGroup } from './testing/exam.js';

examineGroup('listwiseCrossEntropy', listwiseCrossEntropy);

test('labels 2, 1, 0, 0 are the target 0.731, 0.269, 0, 0', async () => {
  const row = (...data: number[]) => tensor(data, 'float32', [1, 4]);
  const { gradient } = await evaluate(listwiseCrossEntropy, {
    logits: row(0, 0, 0, 0),
    labels: row(2, 1, 0, 0),
    mask: row(1, 1, 1, 1),
  });
  const sigmoid1 = 1 / (1 + Math.exp(-1));
  for (const [at, target] of [sigmoid1, 1 - sigmoid1, 0, 0].entries())
    expect(gradient[at]).toBeCloseTo(0.25 - target, 6);
});
