import { add, constant, gelu, input, linear, mul, parameter, reduceSum, sub } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import { openGenuine } from '../testing/genuine.js';
import type { Batch } from './batch.js';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import type { OptimizerSettings } from './optimizer-model.js';
import { artifactsOf, genuineArtifacts, lossScale, type Plan } from './plan.js';
import { TrainingSession } from './session.js';

/** Half the squared error of a two-layer network, cut after its first layer when asked to. */
const regression = (cut: boolean): Objective => ({
  build() {
    const x = input('x', 'float32', ['batch', 3]);
    const y = input('y', 'float32', ['batch', 2]);
    const hidden = gelu(linear(x, parameter('first.weight', [4, 3]), parameter('first.bias', [4])));
    const output = linear(hidden, parameter('second.weight', [2, 4]), parameter('second.bias', [2]));
    const error = sub(output, y);
    const rows = reduceSum(add(mul(error, 0), constant(0.5)));
    return {
      inputs: [x, y],
      sum: mul(reduceSum(mul(error, error)), 0.5),
      weight: rows,
      outputs: { output },
      ...(cut && { cut: { hidden } }),
    };
  },
});

const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i + phase) * 0.5);

const initial = (name: string, shape: readonly number[]): Float32Array =>
  wave(
    shape.reduce((a, b) => a * b, 1),
    name.length,
  );

function batchOf(rows: number, phase: number): Batch {
  return {
    x: new Tensor('float32', [rows, 3], wave(rows * 3, phase)),
    y: new Tensor('float32', [rows, 2], wave(rows * 2, phase + 1)),
  };
}

const oneGroup = { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) };
const plan = (cut = false, optimizer: OptimizerSettings = oneGroup): Plan =>
  compile(regression(cut), { initial, optimizer });
const open = (compiled: Plan, threads = 1) => TrainingSession.create(compiled, { provider: 'cpu', threads });
const slopes = (session: TrainingSession) =>
  session.gradients().map(({ data }) => Array.from(data as Float32Array));
const largest = (a: readonly number[][], b: readonly number[][]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));

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

  it('gives the gradients of one batch from unequal micro-batches', async () => {
    const rows = (from: number, to: number): Batch => {
      const { x, y } = batchOf(7, 3) as Record<'x' | 'y', Tensor>;
      return {
        x: new Tensor('float32', [to - from, 3], x.data.slice(from * 3, to * 3)),
        y: new Tensor('float32', [to - from, 2], y.data.slice(from * 2, to * 2)),
      };
    };
    const [whole, parts] = [await open(plan()), await open(plan())];
    const result = await whole.accumulate(rows(0, 7));
    const sums = [
      await parts.accumulate(rows(0, 1)),
      await parts.accumulate(rows(1, 5)),
      await parts.accumulate(rows(5, 7)),
    ];
    expect(sums.reduce((sum, part) => sum + part.sum, 0)).toBeCloseTo(result.sum, 5);
    expect(sums.map(({ weight }) => weight)).toEqual([1, 4, 2]);
    expect(largest(slopes(parts), slopes(whole))).toBeLessThan(1e-6);
    const [a, b] = [await whole.update({ learningRate: 0.01 }), await parts.update({ learningRate: 0.01 })];
    expect(b.gradientNorm).toBeCloseTo(a.gradientNorm, 6);
    expect(b.loss).toBeCloseTo(a.loss, 6);
    whole.dispose();
    parts.dispose();
  });

  it('gives the gradients of one segment from two', async () => {
    const [one, two] = [await open(plan(false)), await open(plan(true))];
    const [a, b] = [await one.accumulate(batchOf(5, 1)), await two.accumulate(batchOf(5, 1))];
    expect(b.sum).toBeCloseTo(a.sum, 6);
    expect(Array.from(b.outputs.output!.data as Float32Array)).toEqual(
      Array.from(a.outputs.output!.data as Float32Array),
    );
    const named = (session: TrainingSession) =>
      new Map(session.gradients().map(({ name, data }) => [name, Array.from(data as Float32Array)]));
    for (const [name, gradient] of named(one))
      expect(largest([named(two).get(name)!], [gradient])).toBeLessThan(1e-6);
    expect((await two.evaluate(batchOf(5, 1))).sum).toBeCloseTo((await one.evaluate(batchOf(5, 1))).sum, 6);
    one.dispose();
    two.dispose();
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

  it('decays matrices but not biases by default, and clips the common norm', async () => {
    const zero: Batch = {
      x: new Tensor('float32', [1, 3], new Float32Array(3)),
      y: new Tensor('float32', [1, 2], new Float32Array(2)),
    };
    const session = await open(plan(false, { weightDecay: 0.5, maxGradNorm: 1e-9 }));
    const before = new Map(
      session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
    );
    const { gradientNorm } = await session.trainStep(zero, { learningRate: 0.1 });
    expect(gradientNorm).toBeGreaterThan(1e-3);
    const first = session.weights().find(({ name }) => name === 'first.weight')!.data as Float32Array;
    // x is zero, so the first matrix has no gradient: w ← w · (1 − 0.1 · 0.5).
    expect(
      largest([Array.from(first)], [Array.from(before.get('first.weight')!, (w) => w * 0.95)]),
    ).toBeLessThan(1e-7);
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

  it('takes one call at a time, and forgets gradients that it cannot use', async () => {
    const [session, other] = [await open(plan()), await open(plan())];
    const first = session.accumulate(batchOf(2, 0));
    await expect(session.accumulate(batchOf(2, 1))).rejects.toThrow(/one call at a time/);
    await expect(session.update({ learningRate: 1 })).rejects.toThrow(/one call at a time/);
    expect(() => session.restore(other.snapshot())).toThrow(/one call at a time/);
    expect((await first).weight).toBe(2);
    const { x, y } = batchOf(2, 1) as Record<'x' | 'y', Tensor>;
    await session.accumulate({ x: new Tensor('float32', [2, 3], new Float32Array(6).fill(Number.NaN)), y });
    await expect(session.update({ learningRate: 1e-2 })).rejects.toThrow(/got a total weight of NaN/);
    await session.accumulate(batchOf(2, 3));
    await expect(session.accumulate({ x })).rejects.toThrow(/"y"/);
    await expect(session.update({ learningRate: 1 })).rejects.toThrow(/expected gradients, got none/);
    const step = (target: TrainingSession) => target.trainStep({ x, y }, { learningRate: 1e-2 });
    expect(await step(session)).toEqual(await step(other));
    expect(session.weights()).toEqual(other.weights());
    session.dispose();
    other.dispose();
  });
});
