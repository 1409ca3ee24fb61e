import { expect, it } from 'vitest';
import { createUnigram } from './unigram.js';

const vocab = [
  ['<unk>', 0],
  ['a', -1],
  ['b', -2],
  ['ab', -2.5],
  ['▁', -3],
  ['abab', -5],
];
const encode = (config: Record<string, unknown>, ...words: string[]) => {
  const out: number[] = [];
  createUnigram(config).encode(words, out);
  return out;
};

// Expected values: Python `tokenizers` 0.23.2.
it.each([
  ['abab', [5]],
  ['xx', [0]],
  ['axxb', [1, 0, 2]],
  ['ab', [3]],
  ['aab', [1, 3]],
  ['𠀀𠀁b', [0, 2]],
  ['', []],
])('takes the best path of %j', (word, ids) => {
  expect(encode({ vocab, unk_id: 0 }, word)).toEqual(ids);
});

it('scores an unknown character 10 below the rarest piece', () => {
  const pieces = (y: number) => [
    ['<unk>', 0],
    ['y', y],
    ['xy', -1],
  ];
  expect(encode({ vocab: pieces(9.5), unk_id: 0 }, 'xy')).toEqual([2]);
  expect(encode({ vocab: pieces(11), unk_id: 0 }, 'xy')).toEqual([0, 1]);
});

it('joins unknown characters within a word, not across words', () => {
  expect(encode({ vocab, unk_id: 0 }, 'xy', 'z')).toEqual([0, 0]);
});

it('spells unknown characters in bytes where it can', () => {
  const bytes = Array.from({ length: 256 }, (_, i) => [
    `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`,
    -9,
  ]);
  const config = { vocab: [['<unk>', 0], ['a', -1], ...bytes], unk_id: 0, byte_fallback: true };
  expect(encode(config, 'aéa')).toEqual([1, 197, 171, 1]);
});

it('encodes one word of 300,000 pieces', () => {
  const single = vocab.slice(0, 3);
  expect(encode({ vocab: single, unk_id: 0 }, 'ba'.repeat(150_000))).toEqual(
    Array.from({ length: 300_000 }, (_, i) => 2 - (i % 2)),
  );
});

it.each([
  [{ vocab: [] }, 'expected pieces, got none'],
  [{ vocab: [['a', 'b']] }, 'vocab[0]: expected a finite number'],
  [{ vocab: [['a', Number.NaN]] }, 'finite'],
  [{ vocab: [[5, 1]] }, 'expected a string'],
  [{ vocab: { a: 1 } }, 'expected an array'],
  [{ vocab, unk_id: 99 }, 'unk_id: expected an integer from 0 to 5'],
])('refuses %j', (config, message) => {
  expect(() => createUnigram(config)).toThrow(message);
});

it('says when a text needs an unknown piece that the model lacks', () => {
  expect(() => encode({ vocab, unk_id: null }, 'x')).toThrow('unk_id');
  expect(encode({ vocab, unk_id: null }, 'ab')).toEqual([3]);
});
