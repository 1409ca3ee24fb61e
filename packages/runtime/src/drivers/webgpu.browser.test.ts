import { expect, test } from 'vitest';
import { chooseProvider, createSession, readsFiles } from '../session.js';
import { Tensor } from '../tensor.js';
import { sessionExam } from '../testing/exam.js';
import { expanding, lengthOf } from '../testing/memory-exam.js';
import { tinyModel } from '../testing/tiny-model.js';
import { openWebDevice } from './web.js';

sessionExam('web', { provider: 'webgpu', threads: 1, externalData: false, refusedDtypes: ['bfloat16'] });

const negate = tinyModel(
  [{ name: 'a', dtype: 'float32', shape: ['n'] }],
  [{ name: 'b', dtype: 'float32', shape: ['n'] }],
  [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
);
const floats = (...values: number[]) => new Tensor('float32', [values.length], Float32Array.from(values));

test('a tensor above the limit of the device is told as that, and the device runs on', async () => {
  const { gpu } = navigator as unknown as {
    gpu: { requestAdapter(): Promise<{ readonly limits: { readonly maxBufferSize: number } }> };
  };
  const { maxBufferSize } = (await gpu.requestAdapter()).limits;
  const device = await openWebDevice({ provider: 'webgpu', config: {} });
  const model = await device.openModel(expanding(false), new Set(['y']));
  const length = (elements: number) => lengthOf(BigInt(elements));
  await expect(model.run(length(maxBufferSize / 4 + 1024))).rejects.toMatchObject({
    name: 'OutOfMemoryError',
    provider: 'webgpu',
  });
  const { y } = (await model.run(length(3))).device;
  expect(Array.from((await device.download(y!)).data as Float32Array)).toEqual([2, 2, 2]);
  y!.dispose();
  model.dispose();
  device.dispose();
});

test("'auto' takes webgpu where there is an adapter, and says so", async () => {
  expect(await chooseProvider('auto')).toBe('webgpu');
  expect(readsFiles({ provider: 'auto' })).toBe(false);
  expect(readsFiles({ provider: 'webgpu' })).toBe(false);
  const session = await createSession(negate, { provider: 'auto' });
  expect(session).toMatchObject({ provider: 'webgpu', driver: 'web' });
  session.dispose();
});

test('sessions that are opened and run at once take turns', async () => {
  const sessions = await Promise.all(
    [1, 2, 3].map(() => createSession(negate, { provider: 'webgpu', intraOpNumThreads: 1 })),
  );
  const results = await Promise.all(
    sessions.flatMap((session, i) => [
      session.run({ a: floats(1 + i) }),
      session.run({ a: floats(1 + i, 11 + i) }),
    ]),
  );
  expect(results.map(({ b }) => Array.from(b!.data as Float32Array))).toEqual(
    sessions.flatMap((_, i) => [[-1 - i], [-1 - i, -11 - i]]),
  );
  for (const session of sessions) session.dispose();
});

test('tensors stay on the GPU from run to run, also after a run that failed', async () => {
  const device = await openWebDevice({ provider: 'webgpu', config: {} });
  const addModel = tinyModel(
    [
      { name: 'a', dtype: 'float32', shape: ['n'] },
      { name: 'b', dtype: 'float32', shape: ['m'] },
    ],
    [{ name: 'sum', dtype: 'float32', shape: ['k'] }],
    [{ op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] }],
  );
  const model = await device.openModel(addModel, new Set(['sum']));
  const a = await device.upload(floats(1, 2));
  expect(a).toMatchObject({ dtype: 'float32', shape: [2] });
  const once = await model.run({ a, b: floats(10, 20) });
  expect(once.host).toEqual({});
  await expect(model.run({ a, b: floats(1, 2, 3) })).rejects.toThrow(/run: ONNX Runtime: .*broadcast/is);
  const twice = await model.run({ a: once.device.sum!, b: a });
  const { data } = await device.download(twice.device.sum!);
  expect(Array.from(data as Float32Array)).toEqual([12, 24]);
  for (const tensor of [a, once.device.sum!, twice.device.sum!]) tensor.dispose();
  model.dispose();
  model.dispose();
  await expect(model.run({ a: floats(1), b: floats(1) })).rejects.toThrow('expected a live model');
  device.dispose();
  await expect(device.upload(floats(1))).rejects.toThrow('expected a live device, got one that was disposed');
});
