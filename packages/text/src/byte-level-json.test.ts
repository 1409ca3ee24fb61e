import { expect, it } from 'vitest';
import { byteLevelTokenizerJson } from './byte-level-json.js';
import { familyStrings, readFamily } from './testing/family-fixtures.js';
import { Tokenizer } from './tokenizer.js';

interface Bpe {
  model: { vocab: Record<string, number>; merges: string[] };
  added_tokens: { content: string }[];
}

/** vocab.json and merges.txt of a family's tokenizer. */
function olderFiles(name: string) {
  const { model } = readFamily(name).tokenizer as unknown as Bpe;
  return { vocabJson: model.vocab, mergesTxt: `#version: 0.2\n${model.merges.join('\n')}\n` };
}

it.each([
  ['roberta', { tokenizer_class: 'RobertaTokenizer' }],
  ['roberta-prefix-space', { tokenizer_class: 'RobertaTokenizerFast', add_prefix_space: true }],
  [
    'qwen2',
    {
      tokenizer_class: 'Qwen2Tokenizer',
      additional_special_tokens: ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<tool_call>'],
    },
  ],
])('vocab.json and merges.txt of %s give the ids of its tokenizer.json', (name, tokenizerConfig) => {
  const tokenizer = Tokenizer.fromFiles({ ...olderFiles(name), tokenizerConfig });
  const { strings } = familyStrings();
  for (const [i, ids] of readFamily(name).hard.entries())
    expect(tokenizer.encode(strings[i]!).input_ids.join(' '), JSON.stringify(strings[i])).toBe(ids);
});

it('says how to convert what it does not know', () => {
  const files = olderFiles('roberta');
  expect(() => Tokenizer.fromFiles(files)).toThrow(
    'tokenizer_class: expected RobertaTokenizer, GPT2Tokenizer or Qwen2Tokenizer beside vocab.json and merges.txt, got nothing — write tokenizer.json',
  );
  const roberta = { tokenizer_class: 'RobertaTokenizer', cls_token: '[CLS]' };
  expect(() => byteLevelTokenizerJson(files.vocabJson, files.mergesTxt, roberta)).toThrow(
    'cls_token: expected a token of vocab.json, got "[CLS]"',
  );
  expect(() => byteLevelTokenizerJson([], '', roberta)).toThrow('vocab.json: expected an object');
});
