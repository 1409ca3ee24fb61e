import { type Batch, type ComputeOptions, compile, TrainingSession } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { tinyConfig, tinyWeights } from '../testing/tiny.js';
import { collateContrastive, embeddingObjective } from './index.js';
import { bareHead, passageEncoder, queryEncoder, tinyContrastive } from './testing/examples.js';

const config = tinyConfig();
const loss = { kind: 'in-batch', temperature: 0.05 } as const;
const planOf = (gradCache: boolean) =>
  compile(embeddingObjective({ config, head: bareHead, loss, gradCache }), {
    initial: tinyWeights(config),
    optimizer: {},
  });
const fp32: ComputeOptions = { provider: 'cpu', threads: 1 };
const emulated = (precision: 'fp16' | 'bf16'): ComputeOptions => ({
  ...fp32,
  ...{ precision, emulatePrecision: true, lossScaling: { initial: 256 } },
});
const batchOf = (chunkTokens?: number) =>
  collateContrastive(
    { examples: tinyContrastive(6, 3), indices: Array.from({ length: 6 }, (_, i) => 100 + 3 * i) },
    { queryEncoder, passageEncoder, ...(chunkTokens !== undefined && { chunkTokens }) },
  ).batch;

/** Gradients by name, without the loss scale. */
async function slopesOf(
  compute: ComputeOptions,
  batch: Batch | ReturnType<typeof batchOf>,
  gradCache = false,
) {
  const session = await TrainingSession.create(planOf(gradCache), compute);
  try {
    await session.accumulate(batch);
    const scale = session.gradientScale;
    return new Map(
      session.gradients().map(({ name, data }) => [name, Array.from(data as Float32Array, (x) => x / scale)]),
    );
  } finally {
    session.dispose();
  }
}

type Slopes = Awaited<ReturnType<typeof slopesOf>>;
/** ‖a − b‖ / ‖b‖ over all parameters. */
function distance(a: Slopes, b: Slopes): number {
  const names = [...b.keys()];
  expect([...a.keys()].toSorted()).toEqual(names.toSorted());
  const errors = names.flatMap((name) => b.get(name)!.map((x, i) => x - a.get(name)![i]!));
  return Math.hypot(...errors) / Math.hypot(...[...b.values()].flat());
}

describe.each([
  ['fp16', 3e-3],
  ['bf16', 2.4e-2],
] as const)('an embedding model in emulated %s', (precision, bound) => {
  it(`has fp32's gradients within a relative error of ${bound}, in one batch and in chunks`, async () => {
    const wide = await slopesOf(fp32, batchOf());
    const narrow = await slopesOf(emulated(precision), batchOf());
    const chunked = await slopesOf(emulated(precision), batchOf(64), true);
    for (const slopes of [narrow, chunked]) {
      expect(distance(slopes, wide)).toBeLessThan(bound);
      expect(distance(slopes, wide)).toBeGreaterThan(bound / 100);
    }
    expect(distance(chunked, narrow)).toBeLessThan(bound);
  });
});
