import { expect, test } from 'vitest';
import { createSession } from '../session.js';
import { sessionExam } from '../testing/exam.js';
import { tinyModel } from '../testing/tiny-model.js';
import { trainingExam } from '../testing/training-exam.js';

sessionExam('web', { provider: 'wasm', threads: 1, externalData: false, refusedDtypes: ['bfloat16'] });
trainingExam({ provider: 'wasm', threads: 1 }, 1e-6);

test('a page has no provider of Node', async () => {
  const value = { dtype: 'float32', shape: [2] } as const;
  const model = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  );
  await expect(createSession(model, { provider: 'cpu' })).rejects.toThrow(
    "expected a provider that a page has, got 'cpu' — use 'webgpu' or 'wasm'",
  );
});
