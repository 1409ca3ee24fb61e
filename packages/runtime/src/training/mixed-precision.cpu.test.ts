import { describe, expect, it } from 'vitest';
import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { openFfiDevice } from '../drivers/ffi/device.js';
import { Tensor } from '../tensor.js';
import { batchOf, initial, largest, oneGroup, plan, regression } from '../testing/training-exam.js';
import type { Batch } from './batch.js';
import { compile } from './compile.js';
import type { ComputeOptions } from './compute.js';
import { MOST_SKIPPED } from './loss-scale.js';
import { artifactsOf, type Plan } from './plan.js';
import { TrainingSession } from './session.js';

const emulated = (precision: 'fp16' | 'bf16', options: Partial<ComputeOptions> = {}): ComputeOptions => ({
  ...{ provider: 'cpu', threads: 1, precision, emulatePrecision: true, lossScaling: { initial: 1024 } },
  ...options,
});
const fp32: ComputeOptions = { provider: 'cpu', threads: 1 };
/** Runs `use` on a session that is disposed of afterwards. */
async function withSession<T>(
  compute: ComputeOptions,
  use: (session: TrainingSession) => Promise<T>,
  of: Plan = plan(),
) {
  const session = await TrainingSession.create(of, compute);
  try {
    return await use(session);
  } finally {
    session.dispose();
  }
}
const flat = (list: ReturnType<TrainingSession['gradients']>): number[] =>
  list.flatMap(({ data }) => Array.from(data as Float32Array));
/** ‖a − b‖ / ‖b‖. */
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((x, i) => x - b[i]!)) / Math.hypot(...b);
const slopesOf = (compute: ComputeOptions, batch: Batch, cut = false) =>
  withSession(
    compute,
    async (session) => {
      await session.accumulate(batch);
      const scale = session.gradientScale;
      return flat(session.gradients()).map((slope) => slope / scale);
    },
    plan(cut),
  );

describe.each([
  ['fp16', 1e-5, 2e-3],
  ['bf16', 1e-4, 1.6e-2],
] as const)('training in %s', (precision, least, most) => {
  it(`has fp32's gradients to a relative error of ${most}, and not the same`, async () => {
    const wide = await slopesOf(fp32, batchOf(6, 1));
    const narrow = await slopesOf(emulated(precision), batchOf(6, 1));
    expect(distance(narrow, wide)).toBeGreaterThan(least);
    expect(distance(narrow, wide)).toBeLessThan(most);
  });

  it('descends as fp32 does over 20 steps', async () => {
    const losses = (compute: ComputeOptions) =>
      withSession(compute, async (session) => {
        const list: number[] = [];
        for (let step = 0; step < 20; step++)
          list.push((await session.trainStep(batchOf(4, 1), { learningRate: 0.05 })).loss);
        expect(session.step).toBe(20);
        return list;
      });
    const [wide, narrow] = [await losses(fp32), await losses(emulated(precision))];
    expect(wide.at(-1)).toBeLessThan(0.3 * wide[0]!);
    expect(narrow).not.toEqual(wide);
    expect(largest([narrow], [wide])).toBeLessThan(most * wide[0]!);
  });

  it('gives the gradients of one batch from micro-batches, and of one segment from two', async () => {
    const { x, y } = batchOf(7, 3) as Record<'x' | 'y', Tensor>;
    const rows = (from: number, to: number): Batch => ({
      x: new Tensor('float32', [to - from, 3], x.data.slice(from * 3, to * 3)),
      y: new Tensor('float32', [to - from, 2], y.data.slice(from * 2, to * 2)),
    });
    const whole = await slopesOf(emulated(precision), rows(0, 7));
    const parts = await withSession(emulated(precision), async (session) => {
      for (const part of [rows(0, 1), rows(1, 5), rows(5, 7)]) await session.accumulate(part);
      return flat(session.gradients()).map((slope) => slope / session.gradientScale);
    });
    // Each micro-batch's products are rounded for themselves.
    expect(distance(parts, whole)).toBeLessThan(most);
    const named = async (cut: boolean) =>
      (await slopesOf(emulated(precision), rows(0, 7), cut)).toSorted((a, b) => a - b);
    expect(distance(await named(true), await named(false))).toBeLessThan(most);
  });
});

describe('dynamic loss scaling', () => {
  const step = (session: TrainingSession, phase = 1) =>
    session.trainStep(batchOf(4, phase), { learningRate: 1e-2 });

  it('keeps gradients that fp16 would lose', async () => {
    const { x, y } = batchOf(4, 1) as Record<'x' | 'y', Tensor>;
    // An error of 1e-7 per output.
    const near = await withSession(fp32, async (session) => {
      const { output } = (await session.evaluate({ x, y })).outputs;
      return {
        x,
        y: new Tensor(
          'float32',
          [4, 2],
          Float32Array.from(output!.data as Float32Array, (v, i) => v + 1e-3 * Math.sin(i)),
        ),
      };
    });
    const slopes = async (scale: number) =>
      slopesOf(emulated('fp16', { lossScaling: { initial: scale } }), near);
    const exact = await slopesOf(emulated('fp16', { lossScaling: { initial: 2 ** 20 } }), near);
    expect(Math.hypot(...exact)).toBeGreaterThan(0);
    expect(distance(await slopes(2 ** 16), exact)).toBeLessThan(1e-3);
    expect(distance(await slopes(2 ** -14), exact)).toBeGreaterThan(0.1);
  });

  it('skips an update that overflows, halves the scale and goes on', async () => {
    await withSession(
      emulated('fp16', { lossScaling: { initial: 2 ** 20, growthInterval: 3 } }),
      async (session) => {
        const before = flat(session.weights());
        const first = await step(session);
        expect(first).toMatchObject({ skipped: true, lossScale: 2 ** 19 });
        expect(first.loss).toBeCloseTo(0.4, 0);
        expect(Number.isFinite(first.gradientNorm)).toBe(false);
        expect([session.step, flat(session.weights())]).toEqual([0, before]);
        const events: string[] = [];
        while (session.step < 4 && events.length < 20) {
          const { skipped, lossScale } = await step(session);
          events.push(skipped ? 'skipped' : String(lossScale));
        }
        // Skips until it fits, three updates there, twice that scale, which overflows again.
        const scale = Number(events.find((event) => event !== 'skipped'));
        expect(events).toEqual([
          ...new Array<string>(Math.log2(2 ** 19 / scale)).fill('skipped'),
          ...[scale, scale, 2 * scale].map(String),
          'skipped',
          String(scale),
        ]);
        expect(flat(session.weights())).not.toEqual(before);
      },
    );
  });

  it('leaves loss and evaluation as they are', async () => {
    const [scaled, plain] = await Promise.all(
      [2 ** 12, 1].map((scale) =>
        withSession(emulated('fp16', { lossScaling: { initial: scale } }), async (session) => [
          (await session.accumulate(batchOf(3, 2))).sum,
          (await session.evaluate(batchOf(3, 2))).sum,
        ]),
      ),
    );
    expect(scaled).toEqual(plain);
    expect(scaled![0]).toBe(scaled![1]);
  });

  it('goes on from a snapshot and from a checkpoint file with the same bits', async () => {
    const compute = emulated('fp16', { lossScaling: { initial: 2 ** 20, growthInterval: 4 } });
    await withSession(compute, async (session) => {
      for (let i = 0; i < 9; i++) await step(session);
      const checkpoint = session.checkpoint();
      const { floats } = decodeCheckpoint(checkpoint).properties;
      expect(floats.get('loss_scale')).toBeLessThan(2 ** 20);
      // Batches of 4 rows.
      expect(floats.get('loss_scale')! / session.gradientScale).toBe(4);
      const opened = await TrainingSession.create({ ...artifactsOf(plan()), checkpoint }, compute);
      const restored = await TrainingSession.create(plan(), compute);
      restored.restore(session.snapshot());
      for (let i = 0; i < 5; i++) {
        const expected = await step(session);
        expect(await step(opened)).toEqual(expected);
        expect(await step(restored)).toEqual(expected);
      }
      expect(opened.gradientScale).toBe(session.gradientScale);
      expect(flat(restored.weights())).toEqual(flat(session.weights()));
      // fp32 goes on without it.
      const wide = await TrainingSession.create({ ...artifactsOf(plan()), checkpoint }, fp32);
      expect([wide.gradientScale, wide.snapshot().properties.floats.size]).toEqual([1, 0]);
      for (const other of [opened, restored, wide]) other.dispose();
    });
  });

  it('skips and goes on alike where the state lies on a device', async () => {
    const compute = emulated('fp16', { lossScaling: { initial: 2 ** 20, growthInterval: 4 } });
    const device = await TrainingSession.create(plan(), compute, openFfiDevice);
    await withSession(compute, async (host) => {
      for (let i = 0; i < 12; i++) {
        const [ours, theirs] = [await step(host), await step(device)];
        expect([theirs.skipped, theirs.lossScale]).toEqual([ours.skipped, ours.lossScale]);
        expect(theirs.loss).toBeCloseTo(ours.loss, 5);
      }
      expect(host.step).toBeLessThan(12);
      await device.synchronize();
      expect(largest([flat(device.weights())], [flat(host.weights())])).toBeLessThan(1e-5);
      expect(device.snapshot().properties).toEqual(host.snapshot().properties);
    });
    device.dispose();
  });

  it('says so where no scale helps', async () => {
    // An error whose gradient is beyond 65504 however small the scale.
    const { x, y } = batchOf(2, 1) as Record<'x' | 'y', Tensor>;
    const far = { x, y: new Tensor('float32', [2, 2], new Float32Array(4).fill(1e10)) };
    await withSession(emulated('fp16', { lossScaling: {} }), async (session) => {
      for (let i = 1; i < MOST_SKIPPED; i++)
        expect((await session.trainStep(far, { learningRate: 1 })).skipped).toBe(true);
      await expect(session.trainStep(far, { learningRate: 1 })).rejects.toThrow(
        /update: expected finite gradients once the loss is scaled down, got 20 updates in a row/,
      );
      expect((await session.trainStep({ x, y }, { learningRate: 1e-3 })).skipped).toBeUndefined();
    });
  });
});

it('refuses a precision that the provider does not have, and settings of the scale', async () => {
  await expect(TrainingSession.create(plan(), { provider: 'cpu', precision: 'bf16' })).rejects.toThrow(
    /precision: expected fp32 on cpu, got bf16/,
  );
  await expect(
    TrainingSession.create(compile(regression(false), { initial, optimizer: oneGroup }), {
      ...emulated('fp16'),
      lossScaling: { backoff: 2 },
    }),
  ).rejects.toThrow(/backoff in \(0, 1\), got 2/);
});
