import { expect, test } from 'vitest';
import { completeTokenizerFiles } from './complete-files.js';
import { openTokenizer } from './open-tokenizer.js';
import { wordPieceTokenizerJson } from './word-piece-json.js';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'sky', 'Sky'];
const json = JSON.stringify(wordPieceTokenizerJson(words, { lowercase: true }));
const use = { maxLength: 64, tokenTypes: true };
const configOf = (files: { 'tokenizer_config.json'?: string }) => JSON.parse(files['tokenizer_config.json']!);
const tokens = {
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  mask_token: '[MASK]',
};

test('a tokenizer.json alone gets a tokenizer_config.json', () => {
  const found = completeTokenizerFiles({ 'tokenizer.json': json }, use);
  expect(found['tokenizer.json']).toBe(json);
  expect(configOf(found)).toEqual({
    tokenizer_class: 'BertTokenizer',
    model_input_names: ['input_ids', 'token_type_ids', 'attention_mask'],
    ...tokens,
    model_max_length: 64,
  });
  const without = completeTokenizerFiles(
    { 'tokenizer.json': json },
    { maxLength: Number.POSITIVE_INFINITY, tokenTypes: false },
  );
  expect(configOf(without)).not.toHaveProperty('model_max_length');
  expect(configOf(without)).toMatchObject({
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_input_names: ['input_ids', 'attention_mask'],
  });
});

test('a vocab.txt alone gets both, and tokenizes as before', () => {
  const config = JSON.stringify({ do_lower_case: false, tokenizer_class: 'BertTokenizer' });
  const files = {
    'vocab.txt': words.join('\n'),
    'tokenizer_config.json': config,
    'special_tokens_map.json': '{}',
  };
  const found = completeTokenizerFiles(files, use);
  expect(found).toMatchObject({ 'vocab.txt': files['vocab.txt'], 'special_tokens_map.json': '{}' });
  expect(configOf(found)).toEqual({
    do_lower_case: false,
    tokenizer_class: 'BertTokenizer',
    ...tokens,
    model_max_length: 64,
  });
  const [before, after] = [files, found].map((texts) => openTokenizer(texts).encode('The Sky sky'));
  expect(after!.input_ids).toEqual(before!.input_ids);
  expect(after!.input_ids).toContain(words.indexOf('Sky'));
});

test('what is stated stays, to the byte where nothing is missing', () => {
  const whole = JSON.stringify({ ...tokens, pad_token: { content: '[PAD]' }, model_max_length: 1e30 });
  const files = { 'tokenizer.json': json, 'tokenizer_config.json': whole };
  expect(completeTokenizerFiles(files, use)).toEqual(files);
  const some = JSON.stringify({ pad_token: '[MASK]', model_max_length: 16 });
  expect(configOf(completeTokenizerFiles({ ...files, 'tokenizer_config.json': some }, use))).toEqual({
    ...tokens,
    pad_token: '[MASK]',
    model_max_length: 16,
  });
});

test('no tokenizer stays none; what is no JSON is named', () => {
  expect(completeTokenizerFiles({}, use)).toEqual({});
  expect(() => completeTokenizerFiles({ 'tokenizer.json': '{' }, use)).toThrow(
    'tokenizer.json: expected JSON',
  );
  expect(() =>
    completeTokenizerFiles({ 'tokenizer.json': json, 'tokenizer_config.json': '[]' }, use),
  ).toThrow('tokenizer_config.json');
});

test('tokens that the config alone names, or that are in the vocabulary only, are no error', () => {
  const files = {
    'tokenizer.json': JSON.stringify({ ...JSON.parse(json), added_tokens: [] }),
    'tokenizer_config.json': JSON.stringify({ ...tokens, model_max_length: 9 }),
  };
  expect(openTokenizer(files).padId).toBe(0);
  expect(completeTokenizerFiles(files, use)).toEqual(files);
  const damaged = { 'tokenizer.json': '{"added_tokens":[null]}' };
  expect(() => completeTokenizerFiles(damaged, use)).toThrow('added_tokens[0]: expected an object, got null');
});
