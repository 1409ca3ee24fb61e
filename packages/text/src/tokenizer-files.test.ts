import { expect, it } from 'vitest';
import { readSpecialIds, wordPieceFromVocabTxt } from './tokenizer-files.js';

const ids = new Map([
  ['<pad>', 1],
  ['<s>', 0],
  ['[X]', 9],
]);
const added_tokens = [{ content: '<pad>' }, { content: '<s>' }];

it('prefers the config, then padding, then conventional added tokens', () => {
  expect(readSpecialIds({ added_tokens }, {}, ids)).toMatchObject({ pad: 1, cls: 0, sep: undefined });
  expect(readSpecialIds({ added_tokens, padding: { pad_id: 5 } }, {}, ids).pad).toBe(5);
  expect(readSpecialIds({ padding: { pad_id: 5 } }, { pad_token: '[X]' }, ids).pad).toBe(9);
  expect(readSpecialIds({}, { sep_token: { content: '[X]' } }, ids).sep).toBe(9);
});

it('reads model_max_length, transformers’ 1e30 as no limit', () => {
  const limit = (model_max_length: unknown) => readSpecialIds({}, { model_max_length }, ids).modelMaxLength;
  expect([512, 1e30, undefined, 512.5].map(limit)).toEqual([512, Infinity, Infinity, 512]);
  expect(() => limit(0)).toThrow('model_max_length: expected a positive number');
  expect(() => limit('512')).toThrow('got "512"');
});

it('refuses a config that does not fit the vocabulary', () => {
  expect(() => readSpecialIds({}, { cls_token: 'nope' }, ids)).toThrow('tokenizer_config.json cls_token');
  expect(() => readSpecialIds({ padding: { pad_id: 'x' } }, {}, ids)).toThrow('padding.pad_id');
});

it('passes the choices of tokenizer_config.json to a vocab.txt', () => {
  const vocab = '[PAD]\n[UNK]\n<c>\n[SEP]\n[MASK]\n';
  const config = {
    do_lower_case: false,
    tokenize_chinese_chars: false,
    strip_accents: true,
    cls_token: '<c>',
  };
  expect(wordPieceFromVocabTxt(vocab, config)).toMatchObject({
    normalizer: { lowercase: false, handle_chinese_chars: false, strip_accents: true },
    post_processor: { special_tokens: { '<c>': { ids: [2] } } },
  });
  expect(() => wordPieceFromVocabTxt(vocab, { do_lower_case: 'no', cls_token: '<c>' })).toThrow(
    'do_lower_case',
  );
});
