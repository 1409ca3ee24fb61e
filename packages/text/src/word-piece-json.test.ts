import { expect, it } from 'vitest';
import { readVocabTxt, wordPieceTokenizerJson } from './word-piece-json.js';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'];

it('reads vocab.txt: id = line, ends trimmed, the later of two equal lines', () => {
  expect([...readVocabTxt('a\r\nb \na\n\u2028c\n')]).toEqual([
    ['a', 2],
    ['b', 1],
    ['\u2028c', 3],
  ]);
  expect(() => readVocabTxt('')).toThrow('an empty file');
  expect(() => readVocabTxt(5 as unknown as string)).toThrow('vocab.txt: expected text');
});

it('builds the entries that Python opens', () => {
  const json = wordPieceTokenizerJson(vocab, { lowercase: false, stripAccents: true });
  expect(json).toMatchObject({
    normalizer: { type: 'BertNormalizer', lowercase: false, strip_accents: true },
    model: { type: 'WordPiece', vocab: { '[PAD]': 0, a: 5 } },
    post_processor: { special_tokens: { '[SEP]': { ids: [3] } } },
  });
  expect((json.added_tokens as { content: string }[]).map((token) => token.content)).toEqual(
    vocab.slice(0, 5),
  );
});

it('names a missing special token', () => {
  expect(() => wordPieceTokenizerJson(vocab.slice(1), { lowercase: true })).toThrow('the pad_token [PAD]');
  const specials = { pad_token: 'a' };
  expect(() => wordPieceTokenizerJson(vocab.slice(1), { lowercase: true, specials })).not.toThrow();
});
