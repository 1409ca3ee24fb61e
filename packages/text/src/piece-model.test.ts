import { expect, it } from 'vitest';
import { createPieceModel } from './piece-model.js';

const vocab = { '[UNK]': 0, un: 1, '##able': 2, able: 3, a: 4 };
const encode = (config: unknown, ...words: string[]) => {
  const out: number[] = [];
  createPieceModel(config).encode(words, out);
  return out;
};

it('runs WordPiece, with and without its type', () => {
  const config = { unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 6, vocab };
  expect(encode({ ...config, type: 'WordPiece' }, 'unable', 'able', 'unx')).toEqual([1, 2, 3, 0]);
  expect(encode(config, 'unable', 'unables')).toEqual([1, 2, 0]);
});

it('runs BPE and drops what it cannot spell', () => {
  const config = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] };
  expect(encode(config, 'aab', 'x')).toEqual([0, 2]);
  expect(encode({ ...config, merges: [['a', 'b']] }, 'ab')).toEqual([2]);
});

it('runs Unigram, told by its array', () => {
  expect(
    encode(
      {
        vocab: [
          ['<unk>', 0],
          ['a', -1],
        ],
        unk_id: 0,
      },
      'aax',
    ),
  ).toEqual([1, 1, 0]);
});

it('takes merges in either spelling, even in one file', () => {
  const vocab = { a: 0, b: 1, c: 2, ab: 3, abc: 4 };
  expect(encode({ type: 'BPE', vocab, merges: ['a b', ['ab', 'c']] }, 'abcab')).toEqual([4, 3]);
  expect(encode({ type: 'BPE', vocab, merges: [['a', 'b'], 'ab c'] }, 'abcab')).toEqual([4, 3]);
});

it('keeps a token named __proto__', () => {
  const hostile = JSON.parse(
    '{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"__proto__":1}}',
  ) as unknown;
  expect(encode(hostile, '__proto__', 'constructor')).toEqual([1, 0]);
});

const ab = { a: 0, b: 1, ab: 2 };
it.each([
  [{ type: 'WordPiece', vocab: { a: 0 } }, 'unk_token: expected a token of the vocabulary'],
  [{ type: 'WordPiece', vocab: { '[UNK]': -1 } }, 'vocab["[UNK]"]: expected an integer'],
  [{ type: 'WordPiece', vocab: { '[UNK]': 2 ** 40 } }, 'expected an integer'],
  [{ type: 'WordPiece', vocab: [] }, 'vocab: expected an object'],
  [{ type: 'BPE', vocab: {}, merges: [[1, 2]] }, 'merges[0]: expected a string'],
  [{ type: 'BPE', vocab: {}, merges: ['a'] }, 'merges[0]: expected two pieces'],
  [{ type: 'BPE', vocab: ab, merges: ['a b', 'a b c'] }, 'merges[1]: expected two pieces'],
  [{ type: 'BPE', vocab: ab, merges: ['a b', ['a']] }, 'merges[1]: expected two pieces'],
  [{ type: 'BPE', vocab: ab, merges: ['a b', 5] }, 'merges[1]: expected an array'],
  [{ type: 'BPE', vocab: {}, merges: [], byte_fallback: 'no' }, 'byte_fallback: expected true or false'],
  [{ type: 'BPE', vocab: {}, merges: [], end_of_word_suffix: {} }, 'end_of_word_suffix: expected a string'],
  [{ type: 'WordLevels', vocab: {} }, 'type: expected WordPiece'],
  [[], 'expected an object'],
])('refuses %j', (config, message) => {
  expect(() => createPieceModel(config)).toThrow(message);
});
