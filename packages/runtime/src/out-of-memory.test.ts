import { expect, test } from 'vitest';
import { SessionError } from './error.js';
import { OutOfMemoryError, outOfMemory } from './out-of-memory.js';

const of = (provider: string, text: string) =>
  outOfMemory(provider, new SessionError('run', `ONNX Runtime: ${text}`));
const node = (text: string) =>
  `Non-zero status code returned while running MatMul node. Name:'/encoder/layer.3/MatMul' Status Message: ${text}`;

// Texts as ONNX Runtime 1.30 gave them to the exam; those of cuda, which no machine of ours has run, from its sources and users' reports.
test.each([
  [
    'cpu',
    node(
      '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 281474976710656\n',
    ),
    281474976710656,
  ],
  ['cpu', node('std::bad_alloc'), undefined],
  ['cpu', node('bad allocation'), undefined],
  ['wasm', 'failed to call OrtRun(). ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc', undefined],
  ['wasm', "Can't create a session. failed to allocate a buffer of size 4294800000.", 4294800000],
  ['wasm', 'offset is out of bounds', undefined],
  ['wasm', 'Invalid typed array length: 4800000000', 4800000000],
  [
    'wasm',
    'no available backend found. ERR: [wasm] RangeError: WebAssembly.Memory(): could not allocate memory',
    undefined,
  ],
  [
    'webgpu',
    'WebGPU validation failed. Buffer size (2147483648) exceeds the max buffer size limit (1073741824).\n - While calling [Device].CreateBuffer([BufferDescriptor]).\n',
    2147483648,
  ],
  [
    'webgpu',
    "core/providers/webgpu/buffer_manager.cc:643 void onnxruntime::webgpu::BufferManager::Download(WGPUBuffer, void *, size_t) const map_async_result.status == wgpu::MapAsyncStatus::Success was false. Failed to download data from buffer. wgpu::MapAsyncStatus value: 3, message: Failed to execute 'mapAsync' on 'GPUBuffer': [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n",
    undefined,
  ],
  [
    'cuda',
    node(
      '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Available memory of 34699008 is smaller than requested bytes of 945041920\n',
    ),
    945041920,
  ],
  ['cuda', node('CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=node'), undefined],
  ['cuda', node('Failed to find a free memory block despite calling Extend. rounded_bytes=1048576'), 1048576],
  [
    'cuda',
    node(
      'CUDA failure 2: out of memory ; GPU=0 ; hostname=node ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_allocator.cc ; line=48 ; expr=cudaMalloc((void**)&p, size);',
    ),
    undefined,
  ],
])('%s: %s', (provider, text, bytes) => {
  const error = of(provider, text);
  expect(error).toBeInstanceOf(OutOfMemoryError);
  expect(error).toMatchObject({ name: 'OutOfMemoryError', where: 'run', provider, bytes });
  expect(error!.message).not.toContain('\n');
  expect(error!.cause).toMatchObject({ problem: `ONNX Runtime: ${text}` });
});

test('says what to do on each provider', () => {
  const advice = (provider: string) => of(provider, 'std::bad_alloc')!.message;
  expect(advice('cpu')).toBe(
    "run: expected memory of provider 'cpu', got none (ONNX Runtime: std::bad_alloc) — give fewer or shorter texts at a time, or use a machine with more memory",
  );
  expect(advice('cuda')).toContain('raise cuda.memoryLimit');
  expect(advice('webgpu')).toContain('maxBufferSize');
  expect(advice('wasm')).toContain('4 GiB');
});

test.each([
  node('right operand cannot broadcast on dim 0 LeftShape: {1}, RightShape: {-5}'),
  'Load model failed: Protobuf parsing failed.',
  'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
])('is not of %s', (text) => {
  expect(of('cuda', text)).toBeUndefined();
});
