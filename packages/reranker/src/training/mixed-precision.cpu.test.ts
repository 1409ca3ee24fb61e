import { binaryCrossEntropy } from '@rag/losses';
import { type ComputeOptions, compile, TrainingSession } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { tinyConfig, tinyExamples, tinyTokenizer, tinyWeights } from '../testing/tiny.js';
import { collatePointwise, pairEncoder, rerankerObjective } from './index.js';

const config = tinyConfig();
const encoder = pairEncoder(tinyTokenizer(), config, 32);
const objective = rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } });
const plan = compile(objective, { initial: tinyWeights(config), optimizer: {} });
const fp32: ComputeOptions = { provider: 'cpu', threads: 1 };
const emulated = (precision: 'fp16' | 'bf16'): ComputeOptions => ({
  ...fp32,
  ...{ precision, emulatePrecision: true, lossScaling: { initial: 1024 } },
});

function batchAt(step: number, rows = 8) {
  const examples = tinyExamples(64)
    .slice((step * rows) % 56)
    .slice(0, rows);
  return collatePointwise({ examples, indices: examples.map((_, i) => step * rows + i) }, { encoder }).batch;
}

async function withSession<T>(
  compute: ComputeOptions,
  use: (session: TrainingSession) => Promise<T>,
): Promise<T> {
  const session = await TrainingSession.create(plan, compute);
  try {
    return await use(session);
  } finally {
    session.dispose();
  }
}

const slopesOf = (compute: ComputeOptions) =>
  withSession(compute, async (session) => {
    await session.accumulate(batchAt(0));
    const scale = session.gradientScale;
    return session.gradients().map(({ name, data }) => ({
      name,
      slope: Array.from(data as Float32Array, (x) => x / scale),
    }));
  });
const norm = (x: readonly number[]): number => Math.hypot(...x);
const lossesOf = (compute: ComputeOptions) =>
  withSession(compute, async (session) => {
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      const { loss, skipped } = await session.trainStep(batchAt(0), { learningRate: 5e-3 });
      expect(skipped).toBeUndefined();
      losses.push(loss);
    }
    return losses;
  });

describe.each([
  ['fp16', 2e-3],
  ['bf16', 1.6e-2],
] as const)('a BERT cross-encoder in emulated %s', (precision, bound) => {
  it(`has fp32's gradients within a relative error of ${bound}, of the whole and of each parameter`, async () => {
    const [wide, narrow] = [await slopesOf(fp32), await slopesOf(emulated(precision))];
    const whole = norm(wide.flatMap(({ slope }) => slope));
    const errors = wide.map(({ name, slope }, i) => {
      expect(narrow[i]!.name).toBe(name);
      return { name, slope, error: norm(slope.map((x, j) => x - narrow[i]!.slope[j]!)) };
    });
    const total = norm(errors.map(({ error }) => error)) / whole;
    expect(total).toBeLessThan(bound);
    expect(total).toBeGreaterThan(bound / 100);
    // A key's bias has no true gradient.
    for (const { name, slope, error } of errors)
      if (!name.endsWith('key.bias')) expect(error / norm(slope), name).toBeLessThan(2 * bound);
  });

  it('learns 8 pairs by heart in 20 steps as fp32 does', async () => {
    const [wide, narrow] = [await lossesOf(fp32), await lossesOf(emulated(precision))];
    expect(wide.at(-1)).toBeLessThan(wide[0]! / 2);
    for (const [step, loss] of narrow.entries())
      expect(Math.abs(loss - wide[step]!), `step ${step}`).toBeLessThan(bound * wide[0]!);
  });
});
