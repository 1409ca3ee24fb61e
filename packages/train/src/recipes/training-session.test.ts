import { cudaAbsent } from '@rag/runtime/testing';
import { expect, test } from 'vitest';
import { evaluationOptions, recordingOptions, scheduleOf, tryProvider } from './training-session.js';

const plain = {
  lrSchedulerType: 'cosine',
  warmupProportion: 0.25,
  warmupSteps: undefined,
  stableProportion: 0.25,
} as const;

test('shares of the settings become whole updates', () => {
  const factors = (config: Parameters<typeof scheduleOf>[0]) =>
    Array.from({ length: 9 }, (_, update) => Number(scheduleOf(config, 8)(update).toFixed(6)));
  expect(factors(plain)).toEqual([0, 0.5, 1, 1, 1, 0.853553, 0.5, 0.146447, 0]);
  expect(factors({ ...plain, warmupSteps: 4, stableProportion: 0, lrSchedulerType: 'linear' })).toEqual([
    ...[0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0],
  ]);
  // int(0.25 · 7) = 1, as the originals round.
  expect(scheduleOf(plain, 7)(1)).toBe(1);
});

test('models are evaluated where they train, and recorded in float32 of the host', () => {
  const on = (provider: 'cpu' | 'cuda' | 'webgpu' | 'wasm') => [
    evaluationOptions({ provider, deviceId: 1 }, 2),
    recordingOptions({ provider }, 2),
  ];
  const host = { provider: 'cpu', threads: 2 };
  expect(on('cpu')).toEqual([host, undefined]);
  expect(on('wasm')).toEqual([{ provider: 'wasm', threads: 2 }, undefined]);
  expect(on('webgpu')).toEqual([{ provider: 'webgpu', threads: 2 }, host]);
  expect(on('cuda')).toEqual([{ provider: 'cuda', threads: 2, cuda: { deviceId: 1 } }, host]);
});

test('a provider that is there is no error', async () => {
  await tryProvider({ provider: 'cpu', deviceId: 0 }, 1);
});

test.skipIf(cudaAbsent() === undefined)('says what to install for CUDA before anything is read', async () => {
  await expect(tryProvider({ provider: 'cuda', deviceId: 0 }, 1)).rejects.toThrow(
    '--onnxruntime-node-install=cuda12',
  );
});
