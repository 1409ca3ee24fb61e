import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { openCheckpointOrOnnx } from '../onnx-file/open-checkpoint-or-onnx.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { isAdapter, withBaseModel } from './adapter-source.js';

const config = {
  peft_type: 'LORA',
  r: 1,
  lora_alpha: 1,
  task_type: 'SEQ_CLS',
  modules_to_save: ['classifier'],
  base_model_name_or_path: 'org/base',
  revision: 'v2',
};
const tensors = (shapes: Readonly<Record<string, readonly number[]>>) =>
  safetensorsBytes(
    Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((product, dim) => product * dim, 1)).fill(1),
    })),
  );
const adapterOf = async (options: object = {}, files: Record<string, string> = {}) =>
  memorySource({
    'adapter_config.json': JSON.stringify({ ...config, ...options }),
    'adapter_model.safetensors': await tensors({
      'base_model.model.bert.q.lora_A.weight': [1, 2],
      'base_model.model.bert.q.lora_B.weight': [2, 1],
      'base_model.model.classifier.weight': [3, 2],
    }),
    ...files,
  });
const baseOf = async (files: Record<string, string> = {}) =>
  memorySource({
    'config.json': JSON.stringify({ model_type: 'bert', architectures: ['BertModel'] }),
    'tokenizer.json': 'the base’s',
    'model.safetensors': await tensors({ 'q.weight': [2, 2] }),
    '1_Pooling/config.json': '{}',
    ...files,
  });

test('an adapter is told by its config without weights beside it', () => {
  expect(isAdapter(['adapter_config.json', 'adapter_model.safetensors'])).toBe(true);
  expect(isAdapter(['adapter_config.json', 'model.safetensors'])).toBe(false);
  expect(isAdapter(['adapter_config.json', 'pytorch_model.bin.index.json'])).toBe(false);
  expect(isAdapter(['config.json'])).toBe(false);
});

test('opens as its base model: merged weights, its head, its own tokenizer where it has one', async () => {
  const asked: unknown[] = [];
  const open = async (...given: unknown[]) => {
    asked.push(given);
    return baseOf();
  };
  const source = await withBaseModel(await adapterOf({}, { 'tokenizer.json': 'the adapter’s' }), open);
  const checkpoint = await openCheckpoint(source);
  expect(asked).toEqual([['org/base', 'v2']]);
  expect(checkpoint.config).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' },
  });
  expect(checkpoint.tokenizerFiles['tokenizer.json']).toBe('the adapter’s');
  expect([...(await checkpoint.tensors.read('q.weight'))]).toEqual([2, 2, 2, 2]);
  expect(await source.list()).toContain('model.safetensors');
  expect(await source.list('1_Pooling')).toEqual(['config.json']);
  await expect(source.list('2_Dense')).rejects.toThrow('2_Dense');
  const plain = await openCheckpoint(await withBaseModel(await adapterOf(), open));
  expect(plain.tokenizerFiles['tokenizer.json']).toBe('the base’s');
  const model = await baseOf();
  expect(await withBaseModel(model, open)).toBe(model);
});

test('what has no base model, or none that opens, is refused', async () => {
  const open = async (files?: Record<string, string>) => baseOf(files);
  await expect(
    withBaseModel(await adapterOf({ base_model_name_or_path: null }), () => open()),
  ).rejects.toThrow('adapter_config.json: "base_model_name_or_path": expected the base model, got none');
  const failing = async () => {
    throw new Error('org/base: expected a model, got 404');
  };
  await expect(withBaseModel(await adapterOf(), failing)).rejects.toThrow(
    '"base_model_name_or_path": expected the base model, got org/base: expected a model, got 404 — correct this key',
  );
  await expect(withBaseModel(await adapterOf(), () => adapterOf())).rejects.toThrow(
    'expected a model with weights, got "org/base", which is an adapter too',
  );
  await expect(openCheckpoint(await adapterOf({}, { 'config.json': '{}' }))).rejects.toThrow(
    "adapter_config.json: expected the weights of the base model beside the adapter's",
  );
  const exported = await withBaseModel(await adapterOf(), () => open({ 'model.onnx': '' }));
  await expect(openCheckpointOrOnnx(exported, true)).rejects.toThrow(
    'onnx: expected the weights of a model with an adapter',
  );
});
