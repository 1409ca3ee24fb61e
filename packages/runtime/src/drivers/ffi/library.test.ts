import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binaryFolder, libraryPath, requireCudaProvider } from './library.js';

const root = mkdtempSync(join(tmpdir(), 'rag-library-'));
afterAll(() => rmSync(root, { recursive: true }));

function put(platform: string, arch: string, name: string): string {
  const path = join(binaryFolder(root, platform, arch), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  return path;
}

test.each([
  ['linux', 'x64', 'libonnxruntime.so.1'],
  ['linux', 'arm64', 'libonnxruntime.so.1'],
  ['darwin', 'arm64', 'libonnxruntime.1.dylib'],
  ['win32', 'x64', 'onnxruntime.dll'],
  ['win32', 'arm64', 'onnxruntime.dll'],
])('finds the library of %s/%s', (platform, arch, name) => {
  expect(libraryPath(platform, arch)).toMatch(new RegExp(`napi-v6.${platform}.${arch}.${name}$`));
});

test('says which platforms there are where there is none', () => {
  expect(() => libraryPath('darwin', 'x64')).toThrow(
    'expected a binary for darwin/x64 in onnxruntime-node, got none',
  );
  expect(() => libraryPath('sunos', 'x64')).toThrow('expected a binary for sunos/x64');
  expect(() => libraryPath('toString', 'x64')).toThrow('expected a binary for toString/x64');
  expect(() => libraryPath('linux', 'x64', root)).toThrow('expected a binary for linux/x64');
});

test('asks for the CUDA provider with the command that installs it', () => {
  expect(() => requireCudaProvider('linux', 'x64', root)).toThrow(
    `run: node "${join(root, 'script', 'install.js')}" --onnxruntime-node-install=cuda12 (they need an NVIDIA driver, CUDA 12 and cuDNN 9)`,
  );
  expect(() => requireCudaProvider('darwin', 'arm64', root)).toThrow(
    `provider 'cuda': expected linux/x64, got darwin/arm64 — use provider 'cpu'`,
  );
  put('linux', 'x64', 'libonnxruntime_providers_cuda.so');
  expect(() => requireCudaProvider('linux', 'x64', root)).toThrow(
    "provider 'cuda': expected libonnxruntime_providers_shared.so beside ONNX Runtime, got none — run:",
  );
  put('linux', 'x64', 'libonnxruntime_providers_shared.so');
  requireCudaProvider('linux', 'x64', root);
});
