import { describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.js';

const vocabTxt = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', '##b', '中', 'E', 'e'].join(
  '\n',
);
const bert = Tokenizer.fromFiles({ vocabTxt, tokenizerConfig: { model_max_length: 8 } });

describe('WordPiece from vocab.txt', () => {
  it('knows its special ids and sizes', () => {
    expect(bert).toMatchObject({
      padId: 0,
      unkId: 1,
      clsId: 2,
      sepId: 3,
      maskId: 4,
      vocabSize: 12,
      modelMaxLength: 8,
    });
    expect(bert.tokenToId('##b')).toBe(8);
  });

  it('lower-cases by default, not when the config says so', () => {
    expect(bert.encodePieces('É ab中b?')).toEqual([11, 5, 8, 9, 6, 1]);
    const cased = Tokenizer.fromFiles({ vocabTxt, tokenizerConfig: { do_lower_case: false } });
    expect(cased.encodePieces('E É')).toEqual([10, 1]);
  });

  it('encodes one text, with and without special tokens, and cuts its end', () => {
    expect(bert.encode('a b c')).toEqual({
      input_ids: [2, 5, 6, 7, 3],
      token_type_ids: [0, 0, 0, 0, 0],
      truncated: 0,
    });
    expect(bert.encode('a b c', { addSpecialTokens: false }).input_ids).toEqual([5, 6, 7]);
    expect(bert.encode('a b c', { maxLength: 4 })).toMatchObject({ input_ids: [2, 5, 6, 3], truncated: 1 });
    expect(bert.encode('').input_ids).toEqual([2, 3]);
  });

  it('treats a lone surrogate as U+FFFD, which BERT removes', () => {
    expect(bert.encodePieces('a\ud800b')).toEqual(bert.encodePieces('ab'));
  });
});

describe('pairs', () => {
  it('keeps the pair template around an empty text', () => {
    expect(bert.encodePair('a', '')).toEqual({
      input_ids: [2, 5, 3, 3],
      token_type_ids: [0, 0, 0, 1],
      truncated: { query: 0, passage: 0 },
    });
  });

  it('cuts the passage first, then a query that leaves no room', () => {
    expect(bert.encodePair('a b', 'c c c c', { maxLength: 7 })).toEqual({
      input_ids: [2, 5, 6, 3, 7, 7, 3],
      token_type_ids: [0, 0, 0, 0, 1, 1, 1],
      truncated: { query: 0, passage: 2 },
    });
    const long = bert.encodePair('a '.repeat(50), 'c c', { maxLength: 11 });
    expect(long.input_ids).toEqual([2, 5, 5, 5, 5, 5, 5, 3, 7, 7, 3]);
    expect(long.truncated).toEqual({ query: 44, passage: 0 });
  });

  it('is what slices are built from', () => {
    expect(bert.pairSpecialCount).toBe(3);
    const built = bert.buildPair(bert.encodePieces('a b'), bert.encodePieces('c'));
    const { truncated, ...encoded } = bert.encodePair('a b', 'c');
    expect(truncated).toEqual({ query: 0, passage: 0 });
    expect(built).toEqual(encoded);
  });

  it.each([4, 0, -1, 7.5, Number.NaN])('refuses maxLength %d', (maxLength) => {
    expect(() => bert.encodePair('a', 'b', { maxLength })).toThrow(
      'maxLength: expected an integer of at least 5',
    );
  });
});

describe('hostile files', () => {
  const model = { type: 'Unigram', vocab: [['a', -1]], unk_id: 0 };
  it.each([
    [{}, 'expected tokenizer.json or vocab.txt, got neither'],
    [{ tokenizerJson: [] }, 'tokenizer.json: expected an object, got an array of 0'],
    [{ tokenizerJson: null }, 'tokenizer.json: expected an object, got null'],
    [{ tokenizerJson: {} }, 'tokenizer.json model: expected an object, got nothing'],
    [
      { tokenizerJson: { model, normalizer: { type: 'Precompiled' } } },
      'precompiled_charsmap: expected a string',
    ],
    [{ tokenizerJson: { model, added_tokens: [{ id: -5, content: 'x' }] } }, 'added_tokens[0].id'],
    [{ tokenizerJson: { model }, tokenizerConfig: 'x' }, 'tokenizer_config.json: expected an object'],
    [{ vocabTxt: 'a\nb' }, 'the pad_token [PAD]'],
  ])('%j', (files, message) => {
    expect(() => Tokenizer.fromFiles(files)).toThrow(message);
  });

  it('opens without a padding token, and says so when one is needed', () => {
    const bare = Tokenizer.fromFiles({ tokenizerJson: { model } });
    expect(bare.encodePair('a', 'a')).toMatchObject({ input_ids: [0, 0], token_type_ids: [0, 1] });
    expect(() => bare.padId).toThrow('a padding token');
    expect(() => bare.encode(5 as unknown as string)).toThrow('encode: expected a string, got number');
  });
});
