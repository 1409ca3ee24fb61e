import { expect, test } from 'vitest';
import { type CudaOptions, checkCudaOptions } from './cuda-options.js';
import { cudaEntries } from './ffi/cuda-options.js';

test("options under ONNX Runtime's keys, what is left out left to it", () => {
  expect(cudaEntries({})).toEqual({ device_id: '0' });
  const all: CudaOptions = {
    deviceId: 3,
    memoryLimit: 2 ** 33,
    arenaExtendStrategy: 'kSameAsRequested',
    useTf32: false,
    cudaGraph: true,
  };
  checkCudaOptions('createSession', all);
  expect(cudaEntries(all)).toEqual({
    device_id: '3',
    gpu_mem_limit: '8589934592',
    arena_extend_strategy: 'kSameAsRequested',
    use_tf32: '0',
    enable_cuda_graph: '1',
  });
});

test.each([
  [{ deviceId: -1 }, 'createSession: cuda.deviceId: expected a whole number ≥ 0, got -1'],
  [{ deviceId: 0.5 }, 'cuda.deviceId'],
  [{ memoryLimit: 0 }, 'cuda.memoryLimit: expected a whole number of bytes ≥ 1, got 0'],
  [{ arenaExtendStrategy: 'twice' }, "cuda.arenaExtendStrategy: expected 'kNextPowerOfTwo' or"],
  [{ useTf32: 1 }, 'cuda.useTf32: expected true or false, got 1'],
  [{ cudaGraph: 'yes' }, 'cuda.cudaGraph'],
  [
    { device_id: 1 },
    'expected deviceId, memoryLimit, arenaExtendStrategy, useTf32 or cudaGraph, got "device_id"',
  ],
])('%j is refused', (options, message) => {
  expect(() => checkCudaOptions('createSession', options as CudaOptions)).toThrow(message);
});
