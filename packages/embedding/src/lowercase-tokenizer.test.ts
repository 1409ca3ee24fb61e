import { openTokenizer } from '@rag/text';
import { describe, expect, it } from 'vitest';
import { lowercaseTokenizer } from './lowercase-tokenizer.js';

const tokenizer = (normalizer: unknown) =>
  JSON.stringify({
    normalizer,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0, '[PAD]': 1, cat: 2, Cat: 3 } },
    added_tokens: ['[UNK]', '[PAD]'].map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
  });
const ids = (files: Parameters<typeof openTokenizer>[0]) =>
  openTokenizer(files).encodePieces('Cat [PAD] cat');

describe('the ids of lowercased words, special tokens as they are', () => {
  it.each([
    ['null', null],
    ['another normalizer', { type: 'NFC' }],
    ['a sequence', { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'StripAccents' }] }],
    ['an empty sequence', { type: 'Sequence', normalizers: [] }],
  ])('%s', (_, normalizer) => {
    const files = { 'tokenizer.json': tokenizer(normalizer) };
    expect(ids(files)).toEqual([3, 1, 2]);
    expect(ids(lowercaseTokenizer(files))).toEqual([2, 1, 2]);
    expect(ids(files)).toEqual([3, 1, 2]);
  });

  it('vocab.txt alone', () => {
    const files = {
      'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\nCat\n',
      'tokenizer_config.json': '{"do_lower_case":false}',
    };
    expect(openTokenizer(files).encodePieces('Cat cat')).toEqual([6, 5]);
    expect(openTokenizer(lowercaseTokenizer(files)).encodePieces('Cat cat')).toEqual([5, 5]);
  });
});

it('one that lowercases already is left as it is', () => {
  const files = { 'tokenizer.json': tokenizer({ type: 'Sequence', normalizers: [{ type: 'Lowercase' }] }) };
  expect(lowercaseTokenizer(files)).toBe(files);
});

it.each([
  ['{', /tokenizer\.json: expected JSON/],
  ['[]', /tokenizer\.json: "\(file\)" expected a JSON object/],
  ['{"normalizer":{"type":"Sequence","normalizers":3}}', /"normalizer\.normalizers" expected a list, got 3/],
])('%s is an error', (text, message) => {
  expect(() => lowercaseTokenizer({ 'tokenizer.json': text })).toThrow(message);
});
