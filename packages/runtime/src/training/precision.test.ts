import { afterEach, expect, it, vi } from 'vitest';
import { checkPrecision, narrowPrecision, precisionFault } from './precision.js';

afterEach(() => vi.unstubAllGlobals());

it('names the narrow type', () => {
  expect(narrowPrecision({})).toBeUndefined();
  expect(narrowPrecision({ precision: 'fp16' })).toEqual({ dtype: 'float16', emulate: false });
  expect(narrowPrecision({ precision: 'bf16', emulatePrecision: true })).toEqual({
    dtype: 'bfloat16',
    emulate: true,
  });
});

it('refuses what a provider would not compute', async () => {
  for (const provider of ['cpu', 'wasm'] as const)
    for (const precision of ['fp16', 'bf16'] as const) {
      await expect(checkPrecision({ provider, precision })).rejects.toThrow(
        `expected fp32 on ${provider}, got ${precision} (the ${provider} provider has no ${precision} kernels)`,
      );
      await checkPrecision({ provider, precision, emulatePrecision: true });
    }
  await checkPrecision({ provider: 'cuda', precision: 'bf16' });
  expect(precisionFault('cuda', 'fp16')).toBeUndefined();
  await expect(checkPrecision({ provider: 'webgpu', precision: 'bf16' })).rejects.toThrow(
    /WebGPU has no bf16\) — train in fp32 or fp16/,
  );
  await expect(
    checkPrecision({ provider: 'cuda', precision: 'bf16', emulatePrecision: true }),
  ).rejects.toThrow(/expected cpu or wasm, got cuda/);
});

it('asks the adapter for shader-f16', async () => {
  const adapter = (features: readonly string[] | null) =>
    vi.stubGlobal('navigator', {
      gpu: { requestAdapter: async () => features && { features: new Set(features) } },
    });
  const check = () => checkPrecision({ provider: 'webgpu', precision: 'fp16' });
  adapter(['shader-f16']);
  await check();
  adapter([]);
  await expect(check()).rejects.toThrow(/expected a WebGPU adapter with shader-f16/);
  adapter(null);
  await expect(check()).rejects.toThrow(/expected a WebGPU adapter with shader-f16/);
  await checkPrecision({ provider: 'webgpu', precision: 'fp32' });
});
