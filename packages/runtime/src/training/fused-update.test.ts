import { afterEach, describe, expect, test } from 'vitest';
import type { AdamWSettings } from './adamw.js';
import { allocate } from './allocate.js';
import { createFusedUpdate, type FusedUpdate, type TrainedTensor } from './fused-update.js';
import { globalNorm } from './global-norm.js';

const settings: AdamWSettings = {
  learningRate: 1e-2,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  adamMode: 0,
};
const noDecay = { ...settings, weightDecay: 0 };

/** Sizes around the block of 65,536 elements, one empty. */
const sizes = [65_536, 1, 200_003, 0, 65_537, 70];

function tensors(): TrainedTensor[] {
  return sizes.map((size, index) => {
    const tensor = {
      parameter: allocate([size]),
      gradient: allocate([size]),
      firstMoment: allocate([size]),
      secondMoment: allocate([size]),
      group: index % 2,
    };
    for (let i = 0; i < size; i++) {
      tensor.parameter[i] = Math.sin(i + index);
      tensor.gradient[i] = Math.cos(3 * i + index);
    }
    return tensor;
  });
}

const bytes = (all: readonly TrainedTensor[]): Buffer =>
  Buffer.concat(
    all.flatMap((t) => [t.parameter, t.firstMoment, t.secondMoment].map((a) => Buffer.from(a.buffer))),
  );

describe('fused update', () => {
  const open: FusedUpdate[] = [];
  const create = (all: readonly TrainedTensor[], threads: number): FusedUpdate => {
    const update = createFusedUpdate(all, { threads });
    open.push(update);
    return update;
  };
  afterEach(() => {
    for (const update of open.splice(0)) update.dispose();
  });

  test('gives the same bits on 1, 2 and 4 threads', async () => {
    const results: { norms: number[]; state: Buffer }[] = [];
    for (const threads of [1, 2, 4]) {
      const all = tensors();
      const update = create(all, threads);
      // Threads start in the background: the caller would do every block itself before they are there.
      while (update.blocksByThread.some((count) => count === 0)) {
        await update.globalNorm();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const norms: number[] = [];
      for (let step = 1; step <= 30; step++) {
        norms.push(await update.globalNorm(0.5));
        await update.adamw([settings, noDecay], step, 0.5 / step);
      }
      results.push({ norms, state: bytes(all) });
    }
    const [one, ...others] = results;
    for (const other of others) {
      expect(other.norms).toEqual(one!.norms);
      expect(other.state.equals(one!.state)).toBe(true);
    }
    expect(one!.norms[0]).toBe(
      globalNorm(
        tensors().map((tensor) => tensor.gradient),
        0.5,
      ),
    );
  });

  test('shares the blocks with its threads', async () => {
    const update = create(tensors(), 2);
    // Twenty seconds of updates at most: a thread that never takes a block fails here, and only here.
    for (let step = 1; step <= 2000 && update.blocksByThread[1] === 0; step++) {
      await update.adamw([settings, noDecay], step, 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(update.blocksByThread[1]).toBeGreaterThan(0);
    expect(update.blocksByThread[0]).toBeGreaterThan(0);
  });

  test('lets the event loop turn, and does one pass at a time', async () => {
    const elements = 64 * 65_536;
    const [parameter, gradient, firstMoment, secondMoment] = [1, 2, 3, 4].map(() => allocate([elements]));
    const large = {
      parameter: parameter!,
      gradient: gradient!.fill(1),
      firstMoment: firstMoment!,
      secondMoment: secondMoment!,
      group: 0,
    };
    const update = create([large], 1);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const first = update.adamw([settings], 1, 1);
    await expect(update.adamw([settings], 1, 1)).rejects.toThrow('one pass at a time');
    await first;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test('updates every element once, with the settings of its group', async () => {
    const all = tensors();
    const update = create(all, 2);
    const before = all.map((tensor) => Float32Array.from(tensor.parameter));
    const plain = { ...settings, epsilon: 0 };
    await update.adamw([plain, { ...plain, weightDecay: 0 }], 1, 1);
    all.forEach(({ parameter, gradient, group }, index) => {
      const decay = group === 0 ? 1 - settings.learningRate * settings.weightDecay : 1;
      parameter.forEach((value, i) => {
        // Adam's first step is the rate times the gradient's sign.
        const expected = before[index]![i]! * decay - settings.learningRate * Math.sign(gradient[i]!);
        if (Math.abs(value - expected) > 1e-6) expect(value, `tensor ${index}, element ${i}`).toBe(expected);
      });
    });
    expect(all[2]!.parameter).not.toEqual(before[2]);
  });

  test('refuses arrays and settings that do not fit', async () => {
    const [tensor] = tensors();
    expect(() => create([tensor!], 0)).toThrow(
      'createFusedUpdate: threads: expected a whole number ≥ 1, got 0',
    );
    const short = { ...tensor!, gradient: allocate([3]) };
    expect(() => create([short], 1)).toThrow('tensor 0: expected 65536 elements in gradient, got 3');
    const plain = { ...tensor!, secondMoment: new Float32Array(65_536) };
    expect(() => create([plain], 2)).toThrow(
      'expected secondMoment over a SharedArrayBuffer, got an ArrayBuffer',
    );
    expect(() => create([{ ...tensor!, group: -1 }], 1)).toThrow('expected a group number ≥ 0, got -1');
    const update = create([plain], 1);
    await expect(update.adamw([], 1, 1)).rejects.toThrow('adamw: expected settings for 1 groups, got 0');
    const before = Float32Array.from(tensor!.parameter);
    await expect(update.adamw([settings], 1, Number.NaN)).rejects.toThrow('adamw: scale');
    expect(tensor!.parameter).toEqual(before);
    update.dispose();
    update.dispose();
    await expect(update.globalNorm()).rejects.toThrow('expected a live update, got one that was disposed');
  });
});
