import { expect, test } from 'vitest';
import { neededFiles } from './needed-files.js';

const none = async (path: string): Promise<string> => {
  throw new Error(`reads ${path}`);
};

test('one format of the weights, safetensors before PyTorch’s', async () => {
  const all = [
    'config.json',
    'vocab.txt',
    'model.safetensors',
    'pytorch_model.bin',
    'tf_model.h5',
    'onnx/model.onnx',
    'README.md',
  ];
  expect(await neededFiles(all, none)).toEqual(['config.json', 'vocab.txt', 'model.safetensors']);
  const older = all.filter((path) => path !== 'model.safetensors');
  expect(await neededFiles(older, none)).toEqual(['config.json', 'vocab.txt', 'pytorch_model.bin']);
  expect(await neededFiles(['README.md'], none)).toEqual([]);
});

test('modules of sentence-transformers and files of ColBERT', async () => {
  const paths = [
    'modules.json',
    'config_sentence_transformers.json',
    '1_Pooling/config.json',
    '2_Dense/config.json',
    '2_Dense/model.safetensors',
    '2_Dense/pytorch_model.bin',
    '3_Dense/pytorch_model.bin',
    'eval/results.csv',
    'colbert_linear.pt',
    'colbert_linear.safetensors',
    'colbert_settings.json',
    'artifact.metadata',
    'sparse_linear.pt',
    'golden.json',
  ];
  const left = ['2_Dense/pytorch_model.bin', 'eval/results.csv'];
  const needed = await neededFiles(paths, none);
  expect([...needed].sort()).toEqual(paths.filter((path) => !left.includes(path)).sort());
});

test('shards that the index names', async () => {
  const index = 'pytorch_model.bin.index.json';
  const paths = ['config.json', index, 'pytorch_model-1.bin', 'pytorch_model-2.bin', 'pytorch_model-3.bin'];
  const read = (map: unknown) => neededFiles(paths, async () => JSON.stringify({ weight_map: map }));
  expect(
    await read({ a: 'pytorch_model-2.bin', b: 'pytorch_model-1.bin', c: 'pytorch_model-2.bin' }),
  ).toEqual(['config.json', index, 'pytorch_model-2.bin', 'pytorch_model-1.bin']);
  await expect(read({ a: 'elsewhere.bin' })).rejects.toThrow(
    'expected files of the model in "weight_map", got "elsewhere.bin"',
  );
  for (const map of [{}, [], { a: 1 }, null])
    await expect(read(map)).rejects.toThrow('expected "weight_map" to map');
  await expect(neededFiles(paths, async () => '{')).rejects.toThrow('expected "weight_map" to map');
});

test('the ONNX file that is asked for or alone, with its data, in place of weights', async () => {
  const paths = [
    'config.json',
    'model.safetensors',
    'onnx/model.onnx',
    'onnx/model.onnx_data',
    'onnx/model_q4.onnx',
    '1_Pooling/config.json',
  ];
  const own = ['config.json', '1_Pooling/config.json'];
  expect(await neededFiles(paths, none)).toEqual([...own, 'model.safetensors']);
  expect(await neededFiles(paths, none, true)).toEqual([...own, 'onnx/model.onnx', 'onnx/model.onnx_data']);
  expect(await neededFiles(paths, none, 'q4')).toEqual([...own, 'onnx/model_q4.onnx']);
  const alone = paths.filter((path) => path !== 'model.safetensors');
  expect(await neededFiles(alone, none)).toEqual([...own, 'onnx/model.onnx', 'onnx/model.onnx_data']);
  expect(await neededFiles(['config.json', 'onnx/model_q4.onnx'], none)).toEqual(['config.json']);
  await expect(neededFiles(paths, none, 'fp16')).rejects.toThrow('onnx: expected onnx/model_fp16.onnx');
});
