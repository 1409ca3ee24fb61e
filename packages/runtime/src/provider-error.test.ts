import { expect, test } from 'vitest';
import { SessionError } from './error.js';
import { OutOfMemoryError } from './out-of-memory.js';
import { providerError, withProviderErrors } from './provider-error.js';

test('a GPU without float16 is told as that', () => {
  // Of onnxruntime-node 1.30 on a software adapter.
  const problem =
    "ONNX Runtime: Non-zero status code returned while running MatMul node. Name:'MatMul_0' Status Message: shader_helper.cc:416 GenerateSourceCode Program MatMulNaive requires f16 but the device does not support it.";
  const cause = new SessionError('run', problem);
  const error = providerError('webgpu', cause) as SessionError;
  expect(error.message).toMatch(
    /^run: expected a GPU with shader-f16 for a model in float16 on provider 'webgpu', got one without — /,
  );
  expect(error.cause).toBe(cause);
});

test('memory that ends is told as that, once; other errors are themselves', async () => {
  const failing = (error: unknown) => withProviderErrors('cpu', () => Promise.reject(error));
  const memory = await failing(new SessionError('run', 'ONNX Runtime: std::bad_alloc')).catch((e) => e);
  expect(memory).toBeInstanceOf(OutOfMemoryError);
  await expect(failing(memory)).rejects.toBe(memory);
  for (const other of [new SessionError('run', 'std'), new TypeError('std::bad_alloc'), undefined])
    await expect(failing(other)).rejects.toBe(other);
  expect(await withProviderErrors('cpu', async () => 1)).toBe(1);
});
