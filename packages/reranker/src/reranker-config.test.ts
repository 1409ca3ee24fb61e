import { FileSourceError, memorySource, OptionError } from '@rag/models';
import { campaign, mutateJson } from '@rag/models/testing';
import { expect, test } from 'vitest';
import { qwen3Template, SCALAR_TEMPLATE } from './pair-template.js';
import {
  filesOfLength,
  type RerankerConfig,
  rerankerConfig,
  rerankerConfigText,
  statedLength,
  statedOfEncoder,
  statedRerankerConfig,
} from './reranker-config.js';
import { tinyConfig } from './testing/tiny.js';

const defaults: RerankerConfig = { template: SCALAR_TEMPLATE };
const full: RerankerConfig = {
  template: qwen3Template(),
  answer: { true_token: 'yes', false_token: 'no' },
  max_len: 128,
};
const open = async (text: string): Promise<RerankerConfig> =>
  rerankerConfig(
    await statedRerankerConfig(memorySource({ 'reranker_config.json': text })),
    defaults,
    'reranker_config.json',
  );

test('what is written is what is read', async () => {
  expect(await open(rerankerConfigText(full))).toEqual(full);
  expect(await statedRerankerConfig(memorySource({ 'config.json': '{}' }))).toBeUndefined();
});

test('what is left out is what it is laid over', () => {
  expect(rerankerConfig({}, full, 'options')).toEqual(full);
  expect(rerankerConfig({ template: { seq: '=' } }, full, 'options')).toEqual({
    ...full,
    template: { ...full.template, seq: '=' },
  });
  // An answer is one thing: without its other token it is another one.
  expect(rerankerConfig({ answer: { true_token: 7 } }, full, 'options').answer).toEqual({ true_token: 7 });
});

test.each([
  [[], 'file: expected an object of template, answer and max_len'],
  [{ templates: {} }, 'file.templates: expected one of template, answer, max_len, got "templates"'],
  [{ max_len: 0 }, 'file.max_len: expected a whole number of tokens, got 0'],
  [{ max_len: '128' }, 'file.max_len: expected a whole number of tokens, got "128"'],
  [{ template: { joint: 1 } }, 'file.template.joint: expected a boolean, got 1'],
  [{ template: null }, 'file.template: expected an object of before,'],
  [{ answer: 'yes' }, 'file.answer: expected {true_token, false_token?}'],
  [{ answer: {} }, 'file.answer: expected {true_token, false_token?}'],
  [{ answer: { true_token: '' } }, 'got {"true_token":""}'],
  [{ answer: { true_token: -1 } }, 'got {"true_token":-1}'],
  [{ answer: { true_token: 1.5 } }, 'got {"true_token":1.5}'],
  [{ answer: { true_token: 'yes', false_token: null } }, 'got {"true_token":"yes","false_token":null}'],
  [{ answer: { true_token: 'yes', no_token: 'no' } }, 'got {"true_token":"yes","no_token":"no"}'],
])('%j is refused', (stated, message) => {
  expect(() => rerankerConfig(stated, defaults, 'file')).toThrow(message);
  expect(() => rerankerConfig(stated, defaults, 'file')).toThrow(OptionError);
});

test('pairs are as long as the file says, within the positions of the model', () => {
  const config = tinyConfig();
  expect(statedLength({ max_len: 48 }, config)).toEqual({ maxLength: 48 });
  expect(statedLength({}, config)).toEqual({});
  expect(() => statedLength({ max_len: 65 }, config)).toThrow(
    "reranker_config.json.max_len: expected at most 64 (the model's positions), got 65 — correct the file",
  );
});

test('of an encoder it says how long pairs are, and nothing else', async () => {
  const stated = (text: string) => statedOfEncoder(memorySource({ 'reranker_config.json': text }));
  expect(await stated('{"max_len": 48}')).toEqual({ max_len: 48 });
  expect(await statedOfEncoder(memorySource({}))).toEqual({});
  await expect(stated('{"template": {}}')).rejects.toThrow(
    'reranker_config.json.template: expected max_len alone for an encoder',
  );
  await expect(stated('{"max_len": 4.5}')).rejects.toThrow('reranker_config.json.max_len: expected a whole');
});

test('the length of training is written where it is not what would be taken anyway', () => {
  const config = tinyConfig();
  const written = (text: string | undefined) => text && JSON.parse(text);
  const stated = { 'reranker_config.json': rerankerConfigText({ ...full, max_len: 16 }) };
  expect(filesOfLength({ config }, 64)).toEqual({});
  expect(written(filesOfLength({ config }, 48)['reranker_config.json'])).toEqual({ max_len: 48 });
  expect(written(filesOfLength({ config, files: stated }, 64)['reranker_config.json'])).toEqual({
    ...full,
    max_len: 64,
  });
});

test('damaged files are read, or refused by field', { timeout: 3_600_000 }, async () => {
  const text = rerankerConfigText(full);
  const report = await campaign({
    format: 'reranker_config.json',
    seed: 20261121,
    mutant: (random) => mutateJson(text, random),
    open,
    errors: [FileSourceError, OptionError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(10);
});
