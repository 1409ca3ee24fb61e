import { add, constant, gelu, input, linear, mul, parameter, reduceSum, sub } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import type { Batch } from '../training/batch.js';
import { compile } from '../training/compile.js';
import type { ComputeOptions } from '../training/compute.js';
import type { Objective } from '../training/objective.js';
import type { OpenDevice } from '../training/open-residence.js';
import type { OptimizerSettings } from '../training/optimizer-model.js';
import type { Plan } from '../training/plan.js';
import { TrainingSession } from '../training/session.js';

/** Half the squared error of a two-layer network, cut after its first layer when asked to. */
export const regression = (cut: boolean): Objective => ({
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
      ...(cut && { cuts: [{ hidden }], chunkCut: 'hidden' }),
    };
  },
});

const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i + phase) * 0.5);

export const initial = (name: string, shape: readonly number[]): Float32Array =>
  wave(
    shape.reduce((a, b) => a * b, 1),
    name.length,
  );

export function batchOf(rows: number, phase: number): Batch {
  return {
    x: new Tensor('float32', [rows, 3], wave(rows * 3, phase)),
    y: new Tensor('float32', [rows, 2], wave(rows * 2, phase + 1)),
  };
}

export const oneGroup = { groupOf: () => ({ weightDecay: 0.01, rate: 1 }) };
export const plan = (cut = false, optimizer: OptimizerSettings = oneGroup): Plan =>
  compile(regression(cut), { initial, optimizer });
const slopes = async (session: TrainingSession) => {
  await session.synchronize();
  return session.gradients().map(({ data }) => Array.from(data as Float32Array));
};
export const largest = (a: readonly number[][], b: readonly number[][]): number =>
  Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));

/** Of the cpu provider's session, whose steps are those of the genuine training runtime (`session.cpu.test.ts`). */
const expectedLosses = [
  0.3638891, 0.4161454, 0.3934377, 0.3938848, 0.4177543, 0.3578368, 0.3391567, 0.3937189, 0.3938995,
  0.3728072, 0.4064561, 0.3642463, 0.3219122, 0.365981, 0.3924666, 0.3596067, 0.387882, 0.3714973, 0.3129591,
  0.3371947,
];
const expectedWeights = [
  -0.2842376, 0.4651141, 0.1667385, -0.5099537, -0.0331215, 0.5164195, -0.101183, -0.4572242, 0.2187156,
  0.4019866, -0.3235535, -0.3173675, -0.2527396, -0.3620129, 0.3504305, 0.2657158, 0.1903061, 0.4034857,
  -0.2993291, -0.3213761, 0.3886385, 0.2223396, -0.4498536, -0.0988631, -0.4799879, 0.0847245,
];

/**
 * The tests that training passes on every provider: registers them with vitest. `tolerance` is the largest difference that the
 * provider's arithmetic makes; `openDevice` puts the state on another device than the provider's own.
 */
export function trainingExam(compute: ComputeOptions, tolerance: number, openDevice?: OpenDevice): void {
  const open = (compiled: Plan) => TrainingSession.create(compiled, compute, openDevice);

  describe(`training exam: ${compute.provider}${openDevice ? ', on a device' : ''}`, () => {
    it('has the losses and the weights of 20 steps', async () => {
      const session = await open(plan());
      const losses: number[] = [];
      for (let step = 0; step < 20; step++)
        losses.push((await session.trainStep(batchOf(4, step), { learningRate: 1e-3 })).loss);
      expect(largest([losses], [expectedLosses])).toBeLessThan(10 * tolerance);
      await session.synchronize();
      const weights = session.weights().flatMap(({ data }) => Array.from(data as Float32Array));
      expect(largest([weights], [expectedWeights])).toBeLessThan(10 * tolerance);
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
      expect(largest(await slopes(parts), await slopes(whole))).toBeLessThan(tolerance);
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
      const named = async (session: TrainingSession) => {
        const gradients = await slopes(session);
        return new Map(session.gradients().map(({ name }, i) => [name, gradients[i]!]));
      };
      const theirs = await named(two);
      for (const [name, gradient] of await named(one))
        expect(largest([theirs.get(name)!], [gradient])).toBeLessThan(tolerance);
      expect((await two.evaluate(batchOf(5, 1))).sum).toBeCloseTo((await one.evaluate(batchOf(5, 1))).sum, 6);
      one.dispose();
      two.dispose();
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
      await session.synchronize();
      const first = session.weights().find(({ name }) => name === 'first.weight')!.data as Float32Array;
      // x is zero, so the first matrix has no gradient: w ← w · (1 − 0.1 · 0.5).
      expect(
        largest([Array.from(first)], [Array.from(before.get('first.weight')!, (w) => w * 0.95)]),
      ).toBeLessThan(tolerance);
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
      await Promise.all([session.synchronize(), other.synchronize()]);
      expect(session.weights()).toEqual(other.weights());
      session.dispose();
      other.dispose();
    });

    it('goes on from a snapshot with the same bits', async () => {
      const [session, other] = [await open(plan()), await open(plan())];
      const step = (target: TrainingSession, i: number) =>
        target.trainStep(batchOf(4, i), { learningRate: 1e-2 });
      for (let i = 0; i < 3; i++) await step(session, i);
      await session.synchronize();
      other.restore(session.snapshot());
      for (let i = 3; i < 6; i++) expect(await step(other, i)).toEqual(await step(session, i));
      await Promise.all([session.synchronize(), other.synchronize()]);
      expect(other.weights().map(({ data }) => data)).toEqual(session.weights().map(({ data }) => data));
      expect(other.step).toBe(6);
      session.dispose();
      other.dispose();
    });
  });
}
