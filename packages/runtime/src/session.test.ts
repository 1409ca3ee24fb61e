import { expect, test } from 'vitest';
import { createSession, type SessionOptions } from './session.js';

const model = new Uint8Array(0);
const open = (options: Record<string, unknown>) => createSession(model, options as unknown as SessionOptions);

test('refuses providers and drivers that it does not have, and says what to install', async () => {
  await expect(open({ provider: 'tpu' })).rejects.toThrow(
    `createSession: expected provider 'cpu' or 'cuda' or 'webgpu' or 'wasm' or 'auto', got "tpu" — 'cpu' comes with onnxruntime-node, 'wasm' with onnxruntime-web: npm install`,
  );
  await expect(open({})).rejects.toThrow(
    "expected provider 'cpu' or 'cuda' or 'webgpu' or 'wasm' or 'auto', got undefined",
  );
  await expect(open({ provider: 'wasm', driver: 'ffi' })).rejects.toThrow(`expected driver 'web', got "ffi"`);
  await expect(open({ provider: 'cpu', driver: 'wasm' })).rejects.toThrow(
    `expected driver 'node' or 'ffi', got "wasm" — 'node' needs onnxruntime-node, 'ffi' needs koffi besides: npm install`,
  );
});

test('refuses options out of range before it loads a driver', async () => {
  const provider = 'cpu';
  await expect(open({ provider, intraOpNumThreads: 1.5 })).rejects.toThrow(
    'expected a whole number ≥ 1, got 1.5',
  );
  await expect(open({ provider, logSeverityLevel: -1 })).rejects.toThrow('expected 0 to 4, got -1');
  await expect(open({ provider, config: { a: 1 } })).rejects.toThrow(
    'config "a": expected a string, got number',
  );
  const key = 'session.model_external_initializers_file_folder_path';
  await expect(open({ provider, externalDataFolder: '.', config: { [key]: '.' } })).rejects.toThrow(
    'expected externalDataFolder alone, got both',
  );
  const cuda = { deviceId: 1 };
  await expect(open({ provider, cuda })).rejects.toThrow(
    "expected provider 'cuda' with these options, got 'cpu'",
  );
  await expect(open({ provider: 'cuda', driver: 'node', cuda })).rejects.toThrow(
    "expected driver 'ffi' with these options, got 'node'",
  );
  await expect(open({ provider: 'cuda', cuda: { deviceId: '1' } })).rejects.toThrow(
    'createSession: cuda.deviceId: expected a whole number ≥ 0, got "1"',
  );
});
