import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { input, mul } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import { openGenuine } from '../testing/genuine.js';
import {
  batchOf,
  initial,
  largest,
  oneGroup,
  plan,
  regression,
  trainingExam,
} from '../testing/training-exam.js';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import { artifactsOf, genuineArtifacts, lossScale, type Plan } from './plan.js';
import { TrainingSession } from './session.js';

trainingExam({ provider: 'cpu', threads: 1 }, 1e-6);
trainingExam({ provider: 'wasm', threads: 1 }, 1e-6);

const open = (compiled: Plan, threads = 1) => TrainingSession.create(compiled, { provider: 'cpu', threads });

describe('TrainingSession', () => {
  it('trains as the genuine training runtime does from the same four files', async () => {
    const compiled = plan();
    const session = await open(compiled);
    const genuine = await (await openGenuine()).createSession(genuineArtifacts(compiled));
    for (let step = 0; step < 20; step++) {
      const batch = batchOf(4, step);
      const scale = { dtype: 'float32' as const, shape: [], data: Float32Array.of(1 / 4) };
      const theirs = await genuine.trainStep({ ...(batch as object), [lossScale]: scale });
      await genuine.optimizerStep();
      await genuine.lazyResetGrad();
      const ours = await session.trainStep(batch, { learningRate: 1e-3 });
      expect(ours.loss).toBeCloseTo(Number(theirs.loss!.data[0]), 5);
    }
    const theirs = await genuine.parameters();
    const ours = session.weights().flatMap(({ data }) => Array.from(data as Float32Array));
    expect(largest([ours], [Array.from(theirs)])).toBeLessThan(1e-6);
    await genuine.dispose();
    session.dispose();
  });

  it('goes on from a snapshot with the same bits, on any number of update threads', async () => {
    const [session, other] = [await open(plan()), await open(plan(), 2)];
    const step = (target: TrainingSession, i: number) =>
      target.trainStep(batchOf(4, i), { learningRate: 1e-2 });
    for (let i = 0; i < 3; i++) await step(session, i);
    other.restore(session.snapshot());
    for (let i = 3; i < 6; i++) expect(await step(other, i)).toEqual(await step(session, i));
    expect(other.weights().map(({ data }) => data)).toEqual(session.weights().map(({ data }) => data));
    expect(other.step).toBe(6);
    session.dispose();
    other.dispose();
  });

  it('goes on from a saved state with the same bits, and ends where it cannot take it', async () => {
    const [session, other] = [await open(plan()), await open(plan())];
    const step = (target: TrainingSession, i: number) =>
      target.trainStep(batchOf(4, i), { learningRate: 1e-2 });
    for (let i = 0; i < 3; i++) await step(session, i);
    await other.accumulate(batchOf(4, 9));
    expect(() => other.saveState()).toThrow(/saveState: expected a state between updates/);
    await other.loadState(session.saveState());
    for (let i = 3; i < 6; i++) expect(await step(other, i)).toEqual(await step(session, i));
    expect(other.snapshot()).toEqual(session.snapshot());
    const cut = { ...session.saveState(), read: async () => new Float32Array() };
    await expect(other.loadState(cut)).rejects.toThrow('elements, got 0');
    await expect(step(other, 6)).rejects.toThrow('expected a live training session');
    session.dispose();
  });

  it('says what is wrong', async () => {
    const session = await open(plan());
    await expect(session.update({ learningRate: 1 })).rejects.toThrow(/accumulate\(\) a batch first/);
    await expect(session.accumulate({ x: batchOf(2, 0).x! })).rejects.toThrow(/"y"/);
    await expect(session.accumulate({ ...batchOf(2, 0), x: batchOf(3, 0).x! })).rejects.toThrow(
      /along "batch"/,
    );
    await session.accumulate(batchOf(2, 0));
    expect(() => session.snapshot()).toThrow(/gathered gradients/);
    session.dispose();
    session.dispose();
    await expect(session.accumulate(batchOf(2, 0))).rejects.toThrow(/disposed/);
    expect(() => artifactsOf(plan(true))).toThrow(/one segment/);
  });

  it.each([1, 2])('lets go of its arrays when it is disposed of, on %i update threads', async (threads) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const session = await open(plan(), threads);
    for (let i = 0; i < 2; i++) await session.trainStep(batchOf(4, i), { learningRate: 1e-3 });
    await session.evaluate(batchOf(4, 2));
    const read = () =>
      [...session.weights(), ...session.gradients()].map(({ data }) => new WeakRef(data.buffer));
    const buffers = read();
    const alive = async () => {
      // What was read in a turn of the event loop is held until its end.
      await new Promise((resolve) => setTimeout(resolve));
      collect();
      return buffers.filter((buffer) => buffer.deref()).length;
    };
    expect(await alive()).toBe(buffers.length);
    session.dispose();
    expect(await alive()).toBe(0);
    expect(session.step).toBe(2);
    await expect(session.inputs()).rejects.toThrow('inputs: expected a live training session');
    expect(() => session.gradients()).toThrow('gradients: expected a live training session');
  });

  it('feeds batches by the names of the objective, whatever the cut', async () => {
    for (const cut of [false, true]) {
      const session = await open(plan(cut));
      expect((await session.inputs()).map(({ name }) => name)).toEqual(['x', 'y']);
      for (const name of ['hidden', 'first.bias', lossScale, 'z']) {
        const batch = { ...batchOf(2, 0), [name]: batchOf(2, 0).x! };
        const message = `expected tensors among x, y, got "${name}"`;
        await expect(session.accumulate(batch)).rejects.toThrow(message);
        await expect(session.evaluate(batch)).rejects.toThrow(message);
      }
      await expect(session.accumulate({ ...batchOf(2, 0), x: batchOf(2, 0).y! })).rejects.toThrow(
        'batch: "x": expected shape [batch, 3], got [2, 2]',
      );
      session.dispose();
    }
  });

  it('evaluates a batch that was made for training', async () => {
    const { build } = regression(false);
    const noise = input('noise', 'float32', []);
    const noisy: Objective = {
      build(mode) {
        const graph = build(mode);
        return mode === 'eval'
          ? graph
          : { ...graph, inputs: [...graph.inputs, noise], sum: mul(graph.sum, noise) };
      },
    };
    const session = await open(compile(noisy, { initial, optimizer: oneGroup }));
    const batch = { ...batchOf(2, 0), noise: new Tensor('float32', [], Float32Array.of(2)) };
    const { sum } = await session.accumulate(batch);
    expect(2 * (await session.evaluate(batch)).sum).toBeCloseTo(sum, 5);
    expect(await session.evaluate(batchOf(2, 0))).toEqual(await session.evaluate(batch));
    session.dispose();
  });
});
