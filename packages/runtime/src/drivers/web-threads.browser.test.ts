import { expect, test } from 'vitest';
import { createSession } from '../session.js';
import { sessionExam } from '../testing/exam.js';
import { tinyModel } from '../testing/tiny-model.js';
import { trainingExam } from '../testing/training-exam.js';

// One number of threads for a page: this file is a page of its own.
test('begins with two threads', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const value = { dtype: 'float32', shape: [2] } as const;
  const model = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  );
  const session = await createSession(model, { provider: 'wasm', intraOpNumThreads: 2 });
  session.dispose();
  await expect(createSession(model, { provider: 'wasm', intraOpNumThreads: 1 })).rejects.toThrow(
    "expected 2, with which this page's WebAssembly was started, got 1",
  );
});

sessionExam('web', { provider: 'wasm', threads: 2, externalData: false, refusedDtypes: ['bfloat16'] });
trainingExam({ provider: 'wasm', threads: 2 }, 1e-6);
