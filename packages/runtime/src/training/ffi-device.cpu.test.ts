import { afterAll, describe, expect, it } from 'vitest';
import { liveHandles } from '../drivers/ffi/api.js';
import { openFfiDevice } from '../drivers/ffi/device.js';
import { cudaAbsent } from '../testing/cuda-present.js';
import { batchOf, largest, plan, trainingExam } from '../testing/training-exam.js';
import type { ComputeOptions } from './compute.js';
import { TrainingSession } from './session.js';

const compute: ComputeOptions = { provider: 'cpu', threads: 1 };
/** The state in OrtValues that ONNX Runtime allocates, updated by graphs: what `cuda` does, on the host. */
const onDevice = () => TrainingSession.create(plan(), compute, openFfiDevice);
const weightsOf = async (session: TrainingSession): Promise<number[][]> => {
  await session.synchronize();
  return session.weights().map(({ data }) => Array.from(data as Float32Array));
};

afterAll(async () => {
  // Sessions are released when promises have settled.
  await new Promise((resolve) => setImmediate(resolve));
  expect(liveHandles()).toBe(0);
});

trainingExam(compute, 1e-6, openFfiDevice);

const absent = cudaAbsent();
if (absent === undefined) trainingExam({ provider: 'cuda', cuda: { useTf32: false } }, 1e-4);
else describe.skip(`training exam: cuda, not run: ${absent}`, () => it('trains', () => {}));

describe('a state on a device of the C API', () => {
  it('trains as the state in host memory does, with clipping and micro-batches', async () => {
    const options = { maxGradNorm: 0.05, weightDecay: 0.1 };
    const sessions = [
      await TrainingSession.create(plan(false, options), compute),
      await TrainingSession.create(plan(false, options), compute, openFfiDevice),
    ];
    for (let step = 0; step < 30; step++) {
      const results = [];
      for (const session of sessions) {
        await session.accumulate(batchOf(4, step));
        await session.accumulate(batchOf(3, step + 0.5));
        results.push(await session.update({ learningRate: 1e-2 }));
      }
      const [host, device] = results;
      expect(device!.loss).toBeCloseTo(host!.loss, 5);
      expect(device!.gradientNorm).toBeCloseTo(host!.gradientNorm, 5);
    }
    const [host, device] = await Promise.all(sessions.map(weightsOf));
    expect(largest(device!, host!)).toBeLessThan(1e-6);
    for (const session of sessions) session.dispose();
  });

  it('takes no more native memory with steps, and frees all of it', async () => {
    const session = await onDevice();
    const steps = process.env.RAG_LONG ? 10_000 : 300;
    let objects = 0;
    for (let step = 0; step < steps; step++) {
      await session.accumulate(batchOf(4, step));
      if (step % 2 === 1) await session.update({ learningRate: 1e-3 });
      if (step === 9) objects = liveHandles();
      if (step % 10 === 9) expect(liveHandles()).toBe(objects);
    }
    expect((await weightsOf(session)).flat().every(Number.isFinite)).toBe(true);
    session.dispose();
  });

  it('frees everything when it is disposed while it works', async () => {
    const session = await onDevice();
    await session.accumulate(batchOf(4, 0));
    const update = session.update({ learningRate: 1e-3 });
    session.dispose();
    await Promise.allSettled([update]);
    await expect(session.accumulate(batchOf(4, 0))).rejects.toThrow('disposed');
  });

  it('goes on after a batch that does not fit', async () => {
    const session = await onDevice();
    await session.accumulate(batchOf(4, 0));
    const { x } = batchOf(3, 0);
    await expect(session.accumulate({ ...batchOf(4, 1), x: x! })).rejects.toThrow('along "batch"');
    await session.trainStep(batchOf(4, 1), { learningRate: 1e-3 });
    expect(session.step).toBe(1);
    session.dispose();
  });
});

it.skipIf(absent === undefined)('says what to install for training on CUDA', async () => {
  await expect(TrainingSession.create(plan(), { provider: 'cuda' })).rejects.toThrow(
    /provider 'cuda': expected .* --onnxruntime-node-install=cuda12 \(they need an NVIDIA driver, CUDA 12 and cuDNN 9\)/,
  );
});

it('refuses options that training on CUDA cannot have', async () => {
  const open = (options: ComputeOptions) => TrainingSession.create(plan(), options);
  await expect(open({ provider: 'cpu', cuda: { deviceId: 1 } })).rejects.toThrow(
    "cuda: expected provider 'cuda' with these options, got 'cpu'",
  );
  await expect(open({ provider: 'cuda', cuda: { deviceId: -1 } })).rejects.toThrow(
    'device: cuda.deviceId: expected a whole number ≥ 0, got -1',
  );
  await expect(open({ provider: 'cuda', cuda: { cudaGraph: true } })).rejects.toThrow(
    'device: cuda.cudaGraph: expected false, got true',
  );
});
