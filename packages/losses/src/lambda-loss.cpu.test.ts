import { input } from '@rag/onnx';
import { expect, test } from 'vitest';
import { lambdaLoss } from './lambda-loss.js';
import { examineGroup } from './testing/exam.js';

examineGroup('lambdaLoss', lambdaLoss);
examineGroup('lambdaLoss k 2', (inputs) => lambdaLoss(inputs, { k: 2 }));
examineGroup('lambdaLoss mu 0 sigma 2', (inputs) => lambdaLoss(inputs, { mu: 0, sigma: 2 }));

test.each([
  { k: 0 },
  { k: 1.5 },
  { k: Number.NaN },
  { sigma: 0 },
  { sigma: Number.NaN },
  { mu: -1 },
  { mu: Infinity },
])('%o is refused', (options) => {
  const groups = (name: string) => input(name, 'float32', ['groups', 'size']);
  const inputs = { logits: groups('logits'), labels: groups('labels'), mask: groups('mask') };
  expect(() => lambdaLoss(inputs, options)).toThrow(/^lambdaLoss: expected .* got/);
});
