import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { checkpointFiles } from './checkpoint-files.js';

const tensor = { name: 'a', shape: [2], data: async () => Float32Array.of(1, 2) };

test('are those of a directory that opens', async () => {
  const files = await checkpointFiles({
    config: { model_type: 'bert', layer_norm_eps: 0 },
    tensors: [tensor, { name: 'b', shape: [1, 1], data: Float32Array.of(3) }],
    files: { 'tokenizer.json': '{}', '1_Dense/config.json': new TextEncoder().encode('{"in":1}') },
  });
  expect([...files.keys()]).toEqual([
    'tokenizer.json',
    '1_Dense/config.json',
    'model.safetensors',
    'config.json',
  ]);
  expect(await files.get('config.json')!.text()).toContain('"layer_norm_eps": 0.0');
  const bytes: Record<string, Uint8Array> = {};
  for (const [path, blob] of files) bytes[path] = new Uint8Array(await blob.arrayBuffer());
  const { tensors, tokenizerFiles, source } = await openCheckpoint(memorySource(bytes));
  expect(tensors.names).toEqual(['a', 'b']);
  expect([...(await tensors.read('a')), ...(await tensors.read('b'))]).toEqual([1, 2, 3]);
  expect(tokenizerFiles).toEqual({ 'tokenizer.json': '{}' });
  expect(await source.list('1_Dense')).toEqual(['config.json']);
});

test('what a tensor is that does not fit is said, and an ONNX model is refused', async () => {
  const wrong = { name: 'c', shape: [3], data: Float32Array.of(1) };
  await expect(checkpointFiles({ config: {}, tensors: [tensor, wrong] })).rejects.toThrow('"c"');
  const onnx = { model: new Uint8Array(), data: undefined } as never;
  await expect(checkpointFiles({ config: {}, tensors: [], onnx })).rejects.toThrow(
    'expected a model of weights, got one that is its ONNX file',
  );
});
