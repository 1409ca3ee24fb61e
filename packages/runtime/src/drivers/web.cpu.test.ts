import { expect, test } from 'vitest';
import { createSession } from '../session.js';
import { sessionExam } from '../testing/exam.js';
import { tinyModel } from '../testing/tiny-model.js';

sessionExam('web', { provider: 'wasm', threads: 1, externalData: false, refusedDtypes: ['bfloat16'] });

const value = { dtype: 'float32', shape: [2] } as const;
const negate = tinyModel(
  [{ name: 'a', ...value }],
  [{ name: 'b', ...value }],
  [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
);

test('has one number of threads for all sessions, one where none is asked for', async () => {
  (await createSession(negate, { provider: 'wasm' })).dispose();
  const session = await createSession(negate, { provider: 'wasm', intraOpNumThreads: 1 });
  session.dispose();
  await expect(createSession(negate, { provider: 'wasm', intraOpNumThreads: 2 })).rejects.toThrow(
    "expected 1, with which this page's WebAssembly was started, got 2 — ask for the same number",
  );
});

test('refuses WebGPU without an adapter, and says what to use', async () => {
  await expect(createSession(negate, { provider: 'webgpu', driver: 'web' })).rejects.toThrow(
    "provider 'webgpu': expected a WebGPU adapter, got no navigator.gpu — use a browser with WebGPU",
  );
});
