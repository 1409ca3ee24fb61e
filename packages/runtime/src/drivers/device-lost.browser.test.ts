import { expect, test } from 'vitest';
import { createSession } from '../session.js';
import { Tensor } from '../tensor.js';
import { tinyModel } from '../testing/tiny-model.js';
import { batchOf, plan } from '../testing/training-exam.js';
import { TrainingSession } from '../training/session.js';

/** GPU devices of this page, in the order in which they were asked for. */
const devices: { readonly lost: Promise<{ readonly reason: string }>; destroy(): void }[] = [];
const { gpu } = navigator as unknown as {
  gpu: {
    requestAdapter(
      ...given: unknown[]
    ): Promise<{ requestDevice(...given: unknown[]): Promise<never> } | null>;
  };
};
const requestAdapter = gpu.requestAdapter.bind(gpu);
gpu.requestAdapter = async (...given) => {
  const adapter = await requestAdapter(...given);
  const requestDevice = adapter?.requestDevice.bind(adapter);
  if (adapter && requestDevice)
    adapter.requestDevice = async (...options) => {
      const device = await requestDevice(...options);
      devices.push(device);
      return device;
    };
  return adapter;
};

const negate = tinyModel(
  [{ name: 'a', dtype: 'float32', shape: [2] }],
  [{ name: 'b', dtype: 'float32', shape: [2] }],
  [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
);
const a = new Tensor('float32', [2], Float32Array.of(1, 2));

test('frees the GPU with the last session, and takes it anew', async () => {
  const session = await TrainingSession.create(plan(), { provider: 'webgpu' });
  await session.trainStep(batchOf(4, 0), { learningRate: 1e-3 });
  expect(devices).toHaveLength(1);
  session.dispose();
  expect((await devices[0]!.lost).reason).toBe('destroyed');
  const next = await TrainingSession.create(plan(), { provider: 'webgpu' });
  await next.trainStep(batchOf(4, 0), { learningRate: 1e-3 });
  expect(devices).toHaveLength(2);
  next.dispose();
  await devices[1]!.lost;
});

test('says that the device was lost', async () => {
  const [session, training] = [
    await createSession(negate, { provider: 'webgpu' }),
    await TrainingSession.create(plan(), { provider: 'webgpu' }),
  ];
  await session.run({ a });
  await training.trainStep(batchOf(4, 0), { learningRate: 1e-3 });
  const device = devices.at(-1)!;
  device.destroy();
  await device.lost;
  const message =
    /provider 'webgpu': expected a live GPU device, got one that was lost \(destroyed.*\) — reload the page/;
  await expect(session.run({ a })).rejects.toThrow(message);
  await expect(training.trainStep(batchOf(4, 1), { learningRate: 1e-3 })).rejects.toThrow(message);
  await expect(training.synchronize()).rejects.toThrow(message);
  expect(() => training.weights()).toThrow('await synchronize() before');
  await expect(createSession(negate, { provider: 'webgpu' })).rejects.toThrow(message);
  session.dispose();
  training.dispose();
});
