import { FileSourceError, memorySource, OptionError } from '@rag/models';
import { campaign, mutateJson } from '@rag/models/testing';
import { expect, test } from 'vitest';
import { qwen3Template, SCALAR_TEMPLATE } from './pair-template.js';
import {
  type RerankerConfig,
  rerankerConfig,
  rerankerConfigText,
  statedRerankerConfig,
} from './reranker-config.js';

const defaults: RerankerConfig = { template: SCALAR_TEMPLATE };
const full: RerankerConfig = {
  template: qwen3Template(),
  answer: { true_token: 'yes', false_token: 'no' },
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
  [[], 'file: expected an object of template and answer'],
  [{ templates: {} }, 'file.templates: expected template or answer, got "templates"'],
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
