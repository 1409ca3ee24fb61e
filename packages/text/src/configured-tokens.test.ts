import { expect, it } from 'vitest';
import {
  configuredTokens,
  specialTokenTexts,
  withPrefixSpace,
  withSpecialTokensMap,
} from './configured-tokens.js';

const ids = new Map([
  ['<s>', 0],
  ['a', 1],
  ['<mask>', 2],
]);
const added = [{ id: 0, content: '<s>', special: true }];

// Expected behaviour: AutoTokenizer of transformers 5.18 on directories of these files.
it('added_tokens_decoder comes before the flags of tokenizer.json', () => {
  const config = {
    added_tokens_decoder: {
      '2': { content: '<mask>', lstrip: true },
      '0': { content: '<s>', special: false },
    },
  };
  expect(configuredTokens(added, config, { '<z>': 9 }, ids)).toEqual([
    { id: 0, content: '<s>', special: false },
    { id: 2, content: '<mask>', lstrip: true },
  ]);
});

it('new tokens get the next ids, and files that disagree are refused', () => {
  expect(
    configuredTokens(added, { additional_special_tokens: ['<x>', { content: '<y>' }] }, undefined, ids),
  ).toEqual([
    ...added,
    { id: 3, content: '<x>', normalized: false, special: true },
    { id: 4, content: '<y>', normalized: false, special: true },
  ]);
  expect(configuredTokens([], {}, { '<x>': 3 }, ids)).toEqual([{ id: 3, content: '<x>' }]);
  expect(() => configuredTokens([], {}, { '<x>': 9 }, ids)).toThrow(
    'added_tokens.json "<x>": expected the id 3 of the other files, got 9',
  );
  expect(() =>
    configuredTokens(added, { added_tokens_decoder: { '1': { content: '<s>' } } }, undefined, ids),
  ).toThrow('added_tokens_decoder["1"]: expected the id 0');
  expect(() => configuredTokens(added, { additional_special_tokens: 5 }, undefined, ids)).toThrow(
    'a list of tokens',
  );
});

it('a token with a role is an added token, one that is nowhere is left for its reader to refuse', () => {
  const config = { mask_token: { content: '<mask>', lstrip: true }, pad_token: '<nowhere>', eos_token: null };
  expect(configuredTokens(added, config, undefined, ids)).toEqual([
    ...added,
    { id: 2, content: '<mask>', lstrip: true, normalized: false, special: true },
  ]);
});

it('special_tokens_map.json comes first unless the config has added_tokens_decoder', () => {
  const map = { pad_token: '<s>', other: 1 };
  expect(withSpecialTokensMap({ pad_token: 'a', x: 1 }, map)).toEqual({ pad_token: '<s>', x: 1 });
  const config = { pad_token: 'a', added_tokens_decoder: {} };
  expect(withSpecialTokensMap(config, map)).toBe(config);
  expect(specialTokenTexts({ bos_token: { content: '<s>' }, eos_token: 'a', pad_token: null })).toEqual({
    bos_token: '<s>',
    eos_token: 'a',
  });
});

it('add_prefix_space of the config counts for the classes that read it', () => {
  const json = { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } };
  const config = { tokenizer_class: 'RobertaTokenizer', add_prefix_space: false };
  expect(withPrefixSpace(json, config)).toEqual({
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
  });
  expect(withPrefixSpace(json, { ...config, tokenizer_class: 'PreTrainedTokenizerFast' })).toBe(json);
  expect(withPrefixSpace(json, { tokenizer_class: 'RobertaTokenizer' })).toBe(json);
  expect(withPrefixSpace({ pre_tokenizer: null }, config)).toEqual({ pre_tokenizer: null });
});
