import { expect, test } from 'vitest';
import { memorySource } from '../file-source.js';
import { chooseOnnx, chooseOnnxFile, dataFilesOf, ONNX_DTYPES } from './variants.js';

const all = [
  'config.json',
  'model.safetensors',
  'onnx/model.onnx',
  'onnx/model_quantized.onnx',
  'onnx/model_O3.onnx',
];
const alone = all.filter((path) => path !== 'model.safetensors');

test('weights win unless an ONNX file is asked for', () => {
  expect(chooseOnnx(all, undefined)).toBeUndefined();
  expect(chooseOnnx(all, true)).toBe('onnx/model.onnx');
  expect(chooseOnnx(all, 'q8')).toBe('onnx/model_quantized.onnx');
  expect(chooseOnnx(all, 'onnx/model_O3.onnx')).toBe('onnx/model_O3.onnx');
  expect(chooseOnnx(['pytorch_model.bin.index.json', 'model.onnx'], undefined)).toBeUndefined();
});

test('without weights the float32 file is taken unasked, no other', () => {
  expect(chooseOnnx(alone, undefined)).toBe('onnx/model.onnx');
  expect(chooseOnnx(['model.onnx', 'model_quantized.onnx'], undefined)).toBe('model.onnx');
  expect(() => chooseOnnx(['onnx/model_q4.onnx', 'onnx/model_O3.onnx'], undefined)).toThrow(
    'onnx: expected onnx/model.onnx where there are no weights, got onnx/model_q4.onnx (q4), onnx/model_O3.onnx in the model — name one of: q4, onnx/model_O3.onnx',
  );
  expect(() => chooseOnnx(['onnx/model_q4.onnx'], undefined)).toThrow(
    'got onnx/model_q4.onnx (q4) in the model',
  );
  expect(chooseOnnx(['onnx/model_q4.onnx'], true)).toBe('onnx/model_q4.onnx');
  expect(chooseOnnx([], undefined)).toBeUndefined();
});

test('the files of transformers.js by its dtypes', () => {
  const names = ['', '_fp16', '_quantized', '_int8', '_uint8', '_q4', '_q4f16', '_bnb4'].map(
    (end) => `onnx/model${end}.onnx`,
  );
  expect(ONNX_DTYPES.map((dtype) => chooseOnnx(names, dtype))).toEqual(names);
});

test.each([
  ['fp16', 'onnx: expected onnx/model_fp16.onnx or model_fp16.onnx, got onnx/model.onnx'],
  ['fp8', 'onnx: expected true, one of fp32, fp16'],
  [false, 'onnx: expected true, one of fp32, fp16'],
  ['onnx/other.onnx', 'onnx: expected onnx/other.onnx, got'],
  ['../model.onnx', 'expected a relative path inside the checkpoint directory'],
])('%s is refused', (asked, message) => {
  expect(() => chooseOnnx(all, asked as never)).toThrow(message);
});

test('over a source, in deeper folders where asked', async () => {
  const source = memorySource({ 'config.json': '', 'a/b/x.onnx': '', 'onnx/model.onnx': '' });
  expect(await chooseOnnxFile(source, undefined)).toBe('onnx/model.onnx');
  expect(await chooseOnnxFile(source, 'a/b/x.onnx')).toBe('a/b/x.onnx');
  expect(await chooseOnnxFile(memorySource({ 'config.json': '' }), undefined)).toBeUndefined();
});

test('data beside a model, by its name', () => {
  const names = ['onnx/model.onnx_data', 'onnx/model.onnx_data_1', 'onnx/model.onnx.data'];
  expect(
    dataFilesOf('onnx/model.onnx', [...all, ...names, 'onnx/model_q4.onnx_data', 'onnx/model.onnx_datum']),
  ).toEqual(names);
});
