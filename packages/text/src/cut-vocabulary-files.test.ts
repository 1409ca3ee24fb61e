import { expect, test } from 'vitest';
import { renumberFiles, statedIds } from './cut-vocabulary-files.js';

const files = {
  'tokenizer.json': JSON.stringify({
    version: '1.0',
    added_tokens: [{ id: 9, content: '<x>' }],
    post_processor: {
      type: 'Sequence',
      processors: [{ type: 'ByteLevel' }, { type: 'BertProcessing', sep: ['b', 4], cls: ['a', 2] }],
    },
    model: { type: 'BPE' },
  }),
  'tokenizer_config.json': `{\n  "added_tokens_decoder": {\n    "7": { "content": "<y>" }\n  }\n}`,
  'special_tokens_map.json': '{"pad_token":"<x>"}',
  'vocab.txt': 'p\r\nq\nr\ns\nt\n',
};
const newIds = new Map([
  [0, 0],
  [2, 1],
  [4, 2],
  [7, 3],
  [9, 4],
]);

test('every id outside of the vocabulary is stated', () => {
  expect(statedIds(files)).toEqual([9, 4, 2, 7]);
  expect(statedIds({ 'added_tokens.json': '{"<z>": 11}' })).toEqual([11]);
});

test('ids are renumbered where they stand, indents stay, the rest is as it was', () => {
  const made = renumberFiles(files, { type: 'BPE', merges: [] }, newIds);
  expect(JSON.parse(made['tokenizer.json']!)).toEqual({
    version: '1.0',
    added_tokens: [{ id: 4, content: '<x>' }],
    post_processor: {
      type: 'Sequence',
      processors: [{ type: 'ByteLevel' }, { type: 'BertProcessing', sep: ['b', 2], cls: ['a', 1] }],
    },
    model: { type: 'BPE', merges: [] },
  });
  expect(made['tokenizer_config.json']).toMatch(/^\{\n {2}"added_tokens_decoder": \{\n {4}"3"/);
  expect(made['special_tokens_map.json']).toBe(files['special_tokens_map.json']);
  expect(made['vocab.txt']).toBe('p\nr\nt\n');
});

test('files that are no JSON, and ids that are none, are told', () => {
  expect(() => statedIds({ 'tokenizer_config.json': '{' })).toThrow('tokenizer_config.json: expected JSON');
  expect(() => statedIds({ 'added_tokens.json': '{"x": "y"}' })).toThrow('added_tokens.json "x"');
});

test('a chat template goes along as it is', () => {
  const template = { 'chat_template.jinja': '{{ messages }}' };
  expect(renumberFiles({ ...files, ...template }, { type: 'BPE' }, newIds)).toMatchObject(template);
});
