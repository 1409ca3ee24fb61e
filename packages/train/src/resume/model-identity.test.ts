import { memorySource } from '@rag/models';
import { expect, test } from 'vitest';
import { modelIdentity } from './model-identity.js';

const weights = new Uint8Array(1 << 20);
const files = {
  'config.json': '{}',
  'model.safetensors': weights,
  '1_Pooling/config.json': '{"a":1}',
  'README.md': 'card',
};
const of = (part: object = {}) => modelIdentity(memorySource({ ...files, ...part }));

test('tells models apart by what they compute, and not by what stands beside', async () => {
  const trained = weights.slice().fill(1);
  const others = [
    { 'config.json': '{ }' },
    { 'model.safetensors': trained },
    { '1_Pooling/config.json': '{"a":2}' },
    { 'model.safetensors': weights.subarray(1) },
    { 'onnx/model.onnx': 'x' },
  ];
  const all = [await of(), ...(await Promise.all(others.map(of)))];
  expect(new Set(all).size).toBe(all.length);
  expect(all[0]).toMatch(/^[0-9a-f]{32}$/);
  const same = { 'README.md': 'other', 'golden.json': '{}', 'training_config.json': '{}', 'notes.md': '' };
  expect(await of(same)).toBe(all[0]);
});

test('reads pieces of a large file', async () => {
  const source = memorySource(files);
  let read = 0;
  await modelIdentity({
    ...source,
    read: (path, offset, length) => {
      read += length;
      return source.read(path, offset, length);
    },
  });
  expect(read).toBeLessThan(300_000);
});
