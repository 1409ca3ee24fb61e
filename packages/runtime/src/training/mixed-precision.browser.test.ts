import { expect, it } from 'vitest';
import { batchOf, largest, plan } from '../testing/training-exam.js';
import type { ComputeOptions } from './compute.js';
import { TrainingSession } from './session.js';

interface Gpu {
  requestAdapter(): Promise<{ readonly features: ReadonlySet<string> } | null>;
}
const { gpu } = navigator as unknown as { readonly gpu: Gpu };
const hasF16 = (await gpu.requestAdapter())?.features.has('shader-f16') ?? false;

const losses = async (compute: ComputeOptions) => {
  const session = await TrainingSession.create(plan(), compute);
  const list: number[] = [];
  for (let step = 0; step < 20; step++) {
    const { loss, skipped } = await session.trainStep(batchOf(4, 1), { learningRate: 0.05 });
    expect(skipped).toBeUndefined();
    list.push(loss);
  }
  session.dispose();
  return list;
};
const fp16: ComputeOptions = { provider: 'webgpu', precision: 'fp16', lossScaling: { initial: 1024 } };

it.runIf(hasF16)('descends in fp16 on webgpu as in fp32 and as emulated', async () => {
  const wide = await losses({ provider: 'webgpu' });
  const narrow = await losses(fp16);
  expect(narrow).not.toEqual(wide);
  expect(largest([narrow], [wide])).toBeLessThan(2e-3 * wide[0]!);
  const emulated = await losses({ ...fp16, provider: 'wasm', emulatePrecision: true });
  expect(largest([narrow], [emulated])).toBeLessThan(2e-3 * wide[0]!);
});

it.runIf(!hasF16)('refuses fp16 without shader-f16', async () => {
  await expect(TrainingSession.create(plan(), fp16)).rejects.toThrow(/a WebGPU adapter with shader-f16/);
});

it('refuses bf16', async () => {
  await expect(TrainingSession.create(plan(), { provider: 'webgpu', precision: 'bf16' })).rejects.toThrow(
    /WebGPU has no bf16/,
  );
});
