import { expect, test } from 'vitest';
import { memorySource } from '../file-source.js';
import { float32ToBfloat16, float32ToFloat16 } from '../float16.js';
import {
  expectWeights,
  type FileSession,
  fileModel,
  openFileModel,
  outputOf,
  weightsInFile,
} from './file-model.js';
import { OnnxFileError } from './onnx-file-error.js';
import { bytesField } from './onnx-wire.js';
import { openCheckpointOrOnnx } from './open-checkpoint-or-onnx.js';
import type { PlainTensor } from './padded-feeds.js';

const BERT = { model_type: 'bert', max_position_embeddings: 16, pad_token_id: 0 } as const;
/** One sequence of two tokens, and a filler row. */
const packed = {
  input_ids: { dtype: 'int64', shape: [3], data: [5, 6, 0] },
  token_type_ids: { dtype: 'int64', shape: [3], data: [0, 0, 0] },
  position_ids: { dtype: 'int64', shape: [3], data: [0, 1, 0] },
  block_index: { dtype: 'int64', shape: [1, 8], data: [0, 1, 2, 2, 2, 2, 2, 2] },
  token_index: { dtype: 'int64', shape: [3], data: [0, 1, 2] },
  attention_mask: { dtype: 'float32', shape: [1, 8], data: [1, 1, 0, 0, 0, 0, 0, 0] },
};
const inputs = ['input_ids', 'attention_mask'].map((name) => ({
  name,
  dtype: 'int64',
  shape: ['batch', 'seq'],
}));
const giving = (output: PlainTensor): FileSession => ({
  inputs,
  outputs: [{ name: 'y', dtype: output.dtype, shape: ['batch', 'seq', 2] }],
  run: async () => ({ y: output }),
});
const values = Float32Array.of(1, -2, 0.5, 4);

test.each([
  ['float32', values],
  ['float16', float32ToFloat16(values)],
  ['bfloat16', float32ToBfloat16(values)],
  ['float64', Float64Array.from(values)],
])('outputs of %s come as float32, cells as rows', async (dtype, data) => {
  const model = fileModel('m.onnx', BERT, giving({ dtype, shape: [1, 2, 2], data }));
  const output = await model.run(packed, 'y');
  expect(output.data).toEqual(values);
  expect([...output.rows()]).toEqual([1, -2, 0.5, 4, 0, 0]);
});

test('a file that is quantized as inputs come is refused on cuda before it is opened', async () => {
  const opType = bytesField(4, new TextEncoder().encode('DynamicQuantizeLinear'));
  const source = memorySource({ 'model_quantized.onnx': bytesField(7, bytesField(1, opType)) });
  let opened = 0;
  const open = async () => {
    opened++;
    return { ...giving({ dtype: 'float32', shape: [1, 2, 2], data: values }), dispose: () => {} };
  };
  const opening = (provider: string) => openFileModel(source, 'model_quantized.onnx', BERT, open, provider);
  await expect(opening('cuda')).rejects.toThrow(
    "model_quantized.onnx: expected ops that run on provider 'cuda', got DynamicQuantizeLinear, which ONNX Runtime computes on the CPU",
  );
  expect(opened).toBe(0);
  (await opening('cpu')).dispose();
  expect(opened).toBe(1);
});

test('outputs of another type, batch or length are refused', async () => {
  const run = (output: PlainTensor) => fileModel('m.onnx', BERT, giving(output)).run(packed, 'y');
  await expect(run({ dtype: 'int64', shape: [1, 2, 2], data: values })).rejects.toThrow(
    '"y" of floats, got int64',
  );
  for (const shape of [[2, 2], [1, 1, 4], [4]])
    await expect(run({ dtype: 'float32', shape, data: values })).rejects.toThrow(
      `expected "y" for 1 texts of 2 tokens, got [${shape.join(', ')}]`,
    );
});

test('an output by its name, or an only one of that rank', () => {
  const slot = (name: string, ...shape: (string | number)[]) => ({ name, dtype: 'float32', shape });
  const find = (...outputs: ReturnType<typeof slot>[]) =>
    outputOf({ path: 'm.onnx', outputs }, ['logits'], ['batch', '1']).name;
  expect(find(slot('x', 'b', 1), slot('logits', 'b', 1))).toBe('logits');
  expect(find(slot('x', 'b', 1))).toBe('x');
  expect(() => find(slot('x', 'b', '', 4))).toThrow(
    'm.onnx: expected an output "logits" [batch, 1], got "x" [b, ?, 4] — open it with the class of its task',
  );
  expect(() => find(slot('x', 'b', 1), slot('y', 'b', 1))).toThrow(OnnxFileError);
});

test('weights within a file cannot be read', async () => {
  expect(() => expectWeights(undefined)).not.toThrow();
  expect(() => expectWeights('m.onnx')).toThrow('m.onnx: expected a model whose weights can be read');
  await expect(weightsInFile('m.onnx').read('w')).rejects.toThrow(OnnxFileError);
});

test('a checkpoint of an ONNX file has no tensors and names the file; without either the weights are missing', async () => {
  const files = { 'config.json': '{}', 'tokenizer.json': '{}', 'onnx/model.onnx': '' };
  const { onnx, tensors, tokenizerFiles } = await openCheckpointOrOnnx(memorySource(files));
  expect([onnx, tensors.names, Object.keys(tokenizerFiles)]).toEqual([
    'onnx/model.onnx',
    [],
    ['tokenizer.json'],
  ]);
  await expect(openCheckpointOrOnnx(memorySource({ 'config.json': '{}' }))).rejects.toThrow(
    'model.safetensors: expected one of',
  );
});
