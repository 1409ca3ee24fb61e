import { memorySource, readText } from '@rag/models';
import { expect, test } from 'vitest';
import { withOtherFiles } from './other-files.js';

const model = memorySource({
  'config.json': 'own config',
  'tokenizer.json': 'own tokenizer',
  'vocab.txt': 'own words',
  'model.safetensors': 'weights',
  '1_Pooling/config.json': 'pooling',
});
const others = {
  config: memorySource({ 'config.json': 'other config', 'tokenizer.json': 'its tokenizer' }),
  tokenizer: memorySource({ 'config.json': 'its config', 'tokenizer.json': 'other tokenizer' }),
  weights: memorySource({ 'model.safetensors': 'w' }),
};
const files = { openModel: async (path: string) => others[path as keyof typeof others] };
const open = (settings: { configName?: string; tokenizerName?: string }) =>
  withOtherFiles(files, settings, { ...model, id: 'org/model' }, undefined);

test('config and tokenizer of other models stand in the place of the own ones', async () => {
  const source = await open({ configName: 'config', tokenizerName: 'tokenizer' });
  expect(await source.list()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
  expect(await readText(source, 'config.json')).toBe('other config');
  expect(await readText(source, 'tokenizer.json')).toBe('other tokenizer');
  expect(await readText(source, '1_Pooling/config.json')).toBe('pooling');
  expect(source.id).toBe('org/model');
  const config = await open({ configName: 'config' });
  expect(await readText(config, 'tokenizer.json')).toBe('own tokenizer');
  expect(await readText(await open({}), 'config.json')).toBe('own config');
});

test('a model that is not there, or has no such file, is refused under its setting', async () => {
  await expect(open({ tokenizerName: 'none' })).rejects.toThrow(
    'tokenizer_name: expected a model with tokenizer files, got "none", which is none — check the path',
  );
  await expect(open({ configName: 'weights' })).rejects.toThrow(
    'config_name: expected a model with config.json, got "weights", which has none',
  );
});
