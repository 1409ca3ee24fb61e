import { readModelProto } from '@rag/onnx';
import { expect, test } from 'vitest';
import type { Device, DeviceTensor } from '../drivers/device.js';
import { Tensor, zeros } from '../tensor.js';
import { batchOf, plan } from '../testing/training-exam.js';
import { deviceResidence } from './device-residence.js';
import { lowerTraining } from './lower.js';
import { decodeOptimizer } from './optimizer-model.js';
import { lossScale } from './plan.js';
import { ownNames } from './segment-names.js';
import { mirroredState, restoreState, snapshotState } from './state.js';

/** A device that computes nothing: it keeps account of its tensors, and fails when it is told to. */
function accountant() {
  const live = new Set<DeviceTensor>();
  const told = { fail: false };
  const make = (dtype: Tensor['dtype'], shape: readonly number[]): DeviceTensor => {
    const tensor = { dtype, shape, dispose: () => void live.delete(tensor) };
    live.add(tensor);
    return tensor;
  };
  const device: Device = {
    upload: async ({ dtype, shape }) => make(dtype, shape),
    download: async ({ dtype, shape }) => zeros(dtype, shape),
    async openModel(bytes, resident) {
      const { input = [], output = [] } = readModelProto(bytes).graph ?? {};
      const info = ({ name }: { name: string }) => ({ name, dtype: 'float32' as const, shape: [] });
      return {
        inputs: input.map(info),
        outputs: output.map(info),
        async run(feeds) {
          if (told.fail) throw new Error('out of memory');
          for (const tensor of Object.values(feeds))
            if (!(tensor instanceof Tensor) && !live.has(tensor))
              throw new Error('fed a tensor that is gone');
          const names = output.map(({ name }) => name);
          return {
            device: Object.fromEntries(
              names.filter((name) => resident.has(name)).map((name) => [name, make('float32', [])]),
            ),
            host: Object.fromEntries(
              names.filter((name) => !resident.has(name)).map((name) => [name, zeros('float32', [])]),
            ),
          };
        },
        dispose() {},
      };
    },
    dispose() {},
  };
  return { device, live, told };
}

const compiled = plan();
const settings = [
  { learningRate: 0.1, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, adamMode: 0 as const },
];
const batch = { ...batchOf(2, 0), [lossScale]: new Tensor('float32', [], Float32Array.of(1)) };

async function open() {
  const account = accountant();
  const state = await mirroredState(compiled.initial);
  const names = state.trained.map(({ name }) => name);
  const optimizer = decodeOptimizer(compiled.optimizerModel, names);
  const residence = deviceResidence(account.device, state, () => 0, optimizer);
  const model = async (how: 'overwrite' | 'add') => {
    const opened = await residence.openModel(lowerTraining(compiled.segments[0]!.trainingModel!, how, 'cpu'));
    return opened.bind(ownNames, true);
  };
  return { ...account, state, residence, overwrite: await model('overwrite'), add: await model('add') };
}

test('holds four tensors for each parameter, and none when it is disposed', async () => {
  const { live, state, residence, overwrite, add } = await open();
  expect(live.size).toBe(0);
  for (let step = 1; step <= 5; step++) {
    await overwrite.run(batch);
    await add.run(batch);
    expect(await residence.globalNorm(1)).toBe(0);
    await residence.adamw(settings, step, 1);
    await residence.zeroGradients();
    await residence.synchronize();
    expect(live.size).toBe(4 * state.trained.length);
  }
  residence.dispose();
  residence.dispose();
  await new Promise((resolve) => setTimeout(resolve));
  expect(live.size).toBe(0);
});

test('is not used after an update that failed halfway, until it is restored', async () => {
  const { live, told, state, residence, overwrite } = await open();
  const before = snapshotState(state);
  await overwrite.run(batch);
  told.fail = true;
  await expect(residence.adamw(settings, 1, 1)).rejects.toThrow('out of memory');
  told.fail = false;
  const message = 'expected every parameter to be updated, got a failure among them — restore() a snapshot';
  await expect(overwrite.run(batch)).rejects.toThrow(message);
  await expect(residence.synchronize()).rejects.toThrow(message);
  expect(() => residence.checkHost('weights')).toThrow('await synchronize() before');
  restoreState(state, before);
  residence.takeHost();
  residence.checkHost('weights');
  await overwrite.run(batch);
  expect(live.size).toBe(4 * state.trained.length);
  residence.dispose();
});

test('a part of the state comes down alone, and from the arrays while they hold it', async () => {
  const { state, residence, overwrite, device, live } = await open();
  const own = state.trained[0]!;
  const { name } = own;
  expect(await residence.read(name, 'value')).toBe(own.value.data);
  await overwrite.run(batch);
  const asked: number[] = [];
  Object.assign(device, {
    download: async ({ dtype, shape }: DeviceTensor) => {
      asked.push(shape.length);
      return zeros(dtype, shape);
    },
  });
  const held = live.size;
  expect(await residence.read(name, 'second')).toEqual(new Float32Array(own.value.data.length));
  expect([asked.length, live.size]).toEqual([1, held]);
  await expect(residence.read('none', 'first')).rejects.toThrow(
    '"none": expected a parameter that is trained',
  );
  residence.dispose();
});

test('asks for gradients before it uses them', async () => {
  const { residence, add } = await open();
  await expect(add.run(batch)).rejects.toThrow('gradient of "first.weight"');
  await expect(residence.globalNorm(1)).rejects.toThrow(
    'expected one on the device, got none — accumulate() first',
  );
  residence.dispose();
});
