import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { precompiledNormalizer } from './precompiled.js';

const golden = JSON.parse(
  readFileSync(new URL('./fixtures/xlm-roberta-base.json', import.meta.url), 'utf8'),
) as {
  tokenizer: { normalizer: { precompiled_charsmap: string } };
};
const charsmap = golden.tokenizer.normalizer.precompiled_charsmap;
const normalize = precompiledNormalizer(charsmap, 'charsmap');

// Expected values: Python `tokenizers` 0.23.2.
it.each([
  ['\r\n', ' '],
  ['e\u0301', 'é'],
  ['a\u0301\u0302', 'á'],
  ['a\u0e33', 'a\u0e4d\u0e32'],
  ['a\u200d', 'a '],
  ['\u0600a', '\u0600a'],
  ['a\u{1f3fb}', 'a\u{1f3fb}'],
  ['\x00a', '\x00a'],
  ['\ufffd', ' '],
  ['a▁b', 'a b'],
  ['\uff76\uff9e', '\u30ab\u3099'],
  ['①ﷺ', '1صلى الله عليه وسلم'],
  ['a\u0327\u0301', 'a\u0327\u0301'],
  ['～', '～'],
  ['', ''],
])('XLM-R: %j becomes %j', (text, expected) => {
  expect(normalize(text)).toBe(expected);
});

/** base64 of trie size | units | replacements. */
function charsmapOf(size: number, units: number[], replacements: number[]): string {
  const words = new Uint8Array(new Uint32Array([size, ...units]).buffer);
  return btoa(String.fromCharCode(...words, ...replacements));
}

describe('a damaged charsmap', () => {
  it.each([
    ['base64', '!!!'],
    ['trie size', ''],
    ['trie size', charsmapOf(0, [], [])],
    ['trie size', charsmapOf(6, [0, 0], [])],
    ['trie size', charsmapOf(4000, [0], [])],
    ['trie size', charsmap.slice(0, 4000)],
  ])('is refused at once: %s', (message, text) => {
    expect(() => precompiledNormalizer(text, 'json charsmap')).toThrow(
      new RegExp(`^json charsmap: expected .*${message}`),
    );
  });

  // Unit 0 leads to 1 ^ 0x61 = 96, which claims a leaf for "a" at 96 ^ 1 = 97.
  const units = (leaf: number) => {
    const all = new Array<number>(256).fill(0);
    all[0] = 1 << 10;
    all[96] = (1 << 10) | (1 << 8) | 0x61;
    all[97] = (0x80000000 | leaf) >>> 0;
    return all;
  };
  it('works when whole', () => {
    expect(precompiledNormalizer(charsmapOf(1024, units(2), [0x78, 0, 0x79, 0x7a, 0]), 'c')('bab')).toBe(
      'byzb',
    );
  });
  it.each([
    ['offset', charsmapOf(1024, units(9), [0x78, 0])],
    ['trie node', charsmapOf(4, [0x3fffff << 10], [0x78, 0])],
    ['UTF-8', charsmapOf(1024, units(0), [0xff, 0])],
  ])('is refused by the text that reaches it: %s', (message, text) => {
    expect(() => precompiledNormalizer(text, 'c')('a')).toThrow(message);
  });
});
