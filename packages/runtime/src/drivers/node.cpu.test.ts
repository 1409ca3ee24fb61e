import { expect, test } from 'vitest';
import { chooseProvider, createSession, readsFiles } from '../session.js';
import { Tensor } from '../tensor.js';
import { sessionExam } from '../testing/exam.js';
import { tinyModel } from '../testing/tiny-model.js';
import { requireCudaProvider } from './ffi/library.js';

sessionExam('node', { refusedDtypes: ['bfloat16'] });

test('refuses arrays over shared memory, which the binding cannot read', async () => {
  const value = { dtype: 'float32', shape: [2] } as const;
  const model = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  );
  const session = await createSession(model, { provider: 'cpu' });
  const shared = new Tensor('float32', [2], new Float32Array(new SharedArrayBuffer(8)));
  await expect(session.run({ a: shared })).rejects.toThrow(
    `run: input "a": expected an array over an ArrayBuffer, got one over a SharedArrayBuffer — use driver 'ffi'`,
  );
  session.dispose();
});

test("'auto' takes cuda where it is installed, else cpu, and says so", async () => {
  let best = 'cuda';
  try {
    requireCudaProvider();
  } catch {
    best = 'cpu';
  }
  expect(await chooseProvider('auto')).toBe(best);
  expect(await chooseProvider('webgpu')).toBe('webgpu');
  expect(readsFiles({ provider: 'auto' })).toBe(true);
  if (best === 'cuda') return;
  const value = { dtype: 'float32', shape: [1] } as const;
  const model = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  );
  const session = await createSession(model, { provider: 'auto' });
  expect(session).toMatchObject({ provider: 'cpu', driver: 'node' });
  session.dispose();
});
