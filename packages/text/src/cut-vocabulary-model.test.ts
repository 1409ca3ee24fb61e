import { expect, test } from 'vitest';
import { cuttableModel } from './cut-vocabulary-model.js';

const pieces = (model: ReturnType<typeof cuttableModel>, ids: Iterable<number>) => {
  const texts = new Map([...model.ids].map(([piece, id]) => [id, piece]));
  return [...ids].map((id) => texts.get(id));
};

test('Unigram: characters, bytes, the unknown and the rarest piece are the base', () => {
  const vocab = [
    ['<unk>', 0],
    ['a', -2],
    ['<0x41>', -3],
    ['ab', -9],
    ['𠮷', -4],
    ['abc', -1],
  ];
  const model = cuttableModel({ type: 'Unigram', vocab, unk_id: 0 });
  expect(new Set(pieces(model, model.base))).toEqual(new Set(['<unk>', 'a', '<0x41>', '𠮷', 'ab']));
  expect(pieces(model, model.visit('abca'))).toEqual(['abc', 'a']);
  const newIds = new Map([
    [0, 0],
    [1, 1],
    [5, 2],
  ]);
  expect(model.cut(newIds)).toEqual({ type: 'Unigram', vocab: [vocab[0], vocab[1], vocab[5]], unk_id: 0 });
});

test('BPE: pieces are closed under what they are merged from, prefixes and suffixes aside', () => {
  const vocab = { a: 0, 'b</w>': 1, b: 2, 'ab</w>': 3, ab: 4, 'abb</w>': 5 };
  const merges = ['a b</w>', 'a b', 'ab b</w>'];
  const model = cuttableModel({ type: 'BPE', vocab, merges, end_of_word_suffix: '</w>' });
  expect(pieces(model, model.base)).toEqual(['a', 'b</w>', 'b']);
  const kept = new Set([5]);
  model.close(kept);
  expect(pieces(model, kept)).toEqual(['abb</w>', 'ab', 'b</w>', 'a', 'b']);
  const cut = model.cut(new Map([...kept].sort().map((id, i) => [id, i])));
  expect(cut.merges).toEqual(['a b', 'ab b</w>']);
  expect(cut.vocab).toEqual({ a: 0, 'b</w>': 1, b: 2, ab: 3, 'abb</w>': 4 });
});

test('BPE: a merge of pieces that are not there is told', () => {
  expect(() => cuttableModel({ type: 'BPE', vocab: { a: 0, b: 1 }, merges: ['a b'] })).toThrow(/merges/);
});

test('WordPiece: the longest pieces as far as they go, nothing of a word that is too long', () => {
  const vocab = { '[UNK]': 0, a: 1, ab: 2, '##c': 3, '##cd': 4 };
  const model = cuttableModel({ type: 'WordPiece', vocab, max_input_chars_per_word: 6 });
  expect(pieces(model, model.visit('abcd'))).toEqual(['ab', '##cd']);
  expect(pieces(model, model.visit('abcx'))).toEqual(['ab', '##c']);
  expect(model.visit('aaaaaaa')).toEqual([]);
  expect(pieces(model, model.base)).toEqual(['[UNK]', 'a', '##c']);
});

test('WordLevel: whole words alone', () => {
  const vocab = { '[UNK]': 0, ab: 1, abc: 2, c: 3 };
  const model = cuttableModel({ type: 'WordLevel', vocab, unk_token: '[UNK]' });
  expect(pieces(model, model.visit('abc'))).toEqual(['abc']);
  expect(pieces(model, model.visit('abcc'))).toEqual(['[UNK]']);
});
