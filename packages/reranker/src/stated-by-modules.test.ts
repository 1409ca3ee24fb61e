import { readFileSync } from 'node:fs';
import { ConfigError, FileSourceError, memorySource } from '@rag/models';
import { campaign, mutateJson, pick } from '@rag/models/testing';
import { openTokenizer, TokenizerError } from '@rag/text';
import { expect, test } from 'vitest';
import { statedByModules } from './stated-by-modules.js';

const names = [
  'modules.json',
  'sentence_bert_config.json',
  '1_LogitScore/config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
] as const;
type Files = Readonly<Record<(typeof names)[number], string>>;
const files = Object.fromEntries(
  names.map((name) => [
    name,
    readFileSync(new URL(`./fixtures/qwen3-logit-score/${name}`, import.meta.url), 'utf8'),
  ]),
) as Files;

const stated = async (over: Partial<Files> = {}) => {
  const given = { ...files, ...over };
  return statedByModules(memorySource(given), openTokenizer(given));
};
const scorer = (config: object): Partial<Files> => ({ '1_LogitScore/config.json': JSON.stringify(config) });
const chat = (template: string): Partial<Files> => ({ 'chat_template.jinja': template });

test('a directory says which tokens answer and how its chat template writes a pair', async () => {
  expect(await stated()).toEqual({
    template: {
      before: '',
      query_format: '<|im_start|>user\nQuery: {}',
      seq: '\nDocument: ',
      document_format: '{}',
      special_token: '<|im_end|>\n<|im_start|>assistant\n',
      joint: true,
    },
    answer: { true_token: 318, false_token: 311 },
  });
});

test('one answer may be all, and null says so as leaving it out does', async () => {
  const ids = [{ true_token_id: 7 }, { true_token_id: 7, false_token_id: null }];
  for (const each of ids) expect((await stated(scorer(each)))!.answer).toEqual({ true_token: 7 });
});

test('modules without a LogitScore state nothing', async () => {
  expect(await stated({ 'modules.json': '[{"type":"Transformer","path":""}]' })).toBeUndefined();
  expect(await stated({ 'modules.json': '{}' })).toBeUndefined();
  const { 'modules.json': _, ...others } = files;
  expect(await statedByModules(memorySource(others), openTokenizer(others))).toBeUndefined();
});

test.each([
  [{}, '1_LogitScore/config.json: "true_token_id" expected the id of a token, got nothing'],
  [{ true_token_id: 'yes' }, '"true_token_id" expected the id of a token, got "yes"'],
  [{ true_token_id: 1.5 }, '"true_token_id" expected the id of a token, got 1.5'],
  [{ true_token_id: 7, false_token_id: '8' }, '"false_token_id" expected the id of a token, got "8"'],
  [{ true_token_id: 7, false_token_id: -1 }, '"false_token_id" expected the id of a token, got -1'],
])('answers of %j are refused', async (config, message) => {
  await expect(stated(scorer(config))).rejects.toThrow(message);
});

test.each([
  ['{{ messages[0].content }}', 'once each and as they are'],
  ['{{ messages[1].content }}{{ messages[0].content }}', 'once each and as they are'],
  ['{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}', 'once each and as they are'],
  ['{{ messages[0].content | upper }} {{ messages[1].content }}', 'once each and as they are'],
  ['{{ messages[0].content | tojson }} {{ messages[1].content }}', 'once each and as they are'],
  ['As {}: {{ messages[0].content }} {{ messages[1].content }}', 'a template without {} before the query'],
  [
    '{{ messages[0].content }} {{ messages[0].content | length }} {{ messages[1].content }}',
    'the same around every query and document',
  ],
])('the chat template %s is refused', async (template, message) => {
  await expect(stated(chat(template))).rejects.toThrow(TokenizerError);
  await expect(stated(chat(template))).rejects.toThrow(message);
});

test('a template that trims its texts writes them as they are, since pairs are trimmed', async () => {
  const trims = '{{ messages[0].content | trim }}\n{{ messages[1].content | trim }}';
  expect((await stated(chat(trims)))!.template).toMatchObject({ query_format: '{}', seq: '\n' });
});

test('a path that leaves the directory is refused', async () => {
  const modules = JSON.stringify([{ type: 'x.LogitScore', path: '../other' }]);
  await expect(stated({ 'modules.json': modules })).rejects.toThrow(
    'expected a relative path inside the checkpoint directory',
  );
});

test('damaged files are read, or refused by name', { timeout: 3_600_000 }, async () => {
  const damaged = ['modules.json', 'sentence_bert_config.json', '1_LogitScore/config.json'] as const;
  const tokenizer = openTokenizer(files);
  const report = await campaign({
    format: 'LogitScore',
    seed: 20261121,
    mutant: (random) => {
      const name = pick(random, damaged);
      return { ...files, [name]: mutateJson(files[name], random) };
    },
    open: (mutant) => statedByModules(memorySource(mutant), tokenizer),
    errors: [FileSourceError, ConfigError, TokenizerError],
  });
  expect(report.read).toBeGreaterThan(0);
  expect(report.refused).toBeGreaterThan(50);
  expect(report.reasons.size).toBeGreaterThan(8);
});
