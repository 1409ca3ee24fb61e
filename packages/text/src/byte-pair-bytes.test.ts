import { expect, it } from 'vitest';
import { byteCharacters, wordsBeforeBytes } from './byte-pair-bytes.js';
import { createPreTokenizer } from './pre-tokenizer.js';

const model = { type: 'BPE', vocab: {}, merges: [] };
const level = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };

it('has a character for each byte', () => {
  expect(new Set(byteCharacters).size).toBe(256);
  expect([0, 0x20, 0x41, 0x7f, 0xa0, 0xad, 0xff].map((byte) => byteCharacters[byte])).toEqual([
    'Ā',
    'Ġ',
    'A',
    'ġ',
    'ł',
    'Ń',
    'ÿ',
  ]);
});

it.each([
  [level, ' a  b\n'],
  [{ type: 'ByteLevel' }, "a  b's 中文12é😀 \n"],
  [{ type: 'ByteLevel' }, ' a'],
  [
    { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, { ...level, add_prefix_space: true }] },
    'a bé',
  ],
])('%j cuts the same words', (preTokenizer, text) => {
  const spelt = createPreTokenizer(preTokenizer)(text, true);
  const words = createPreTokenizer(wordsBeforeBytes(preTokenizer, model))(text, true);
  const spell = (word: string) =>
    Array.from(new TextEncoder().encode(word), (byte) => byteCharacters[byte]).join('');
  expect(words.map(spell)).toEqual(spelt);
});

it.each<[unknown, unknown]>([
  [null, model],
  [{ type: 'Metaspace' }, model],
  [{ type: 'Sequence', pretokenizers: [level, { type: 'Digits' }] }, model],
  [{ type: 'Sequence', pretokenizers: [] }, model],
  [{ ...level, use_regex: 'yes' }, model],
  [level, { ...model, byte_fallback: true }],
  [level, { ...model, end_of_word_suffix: '</w>' }],
  [level, { type: 'WordPiece', vocab: {} }],
  [level, undefined],
])('%j of %j is left alone', (preTokenizer, of) => {
  expect(wordsBeforeBytes(preTokenizer, of)).toBeUndefined();
});
