import { expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.js';
import { buildWordPieceVocabulary } from './vocabulary.js';
import { wordPieceTokenizerJson } from './word-piece-json.js';

const corpus = ['The lower newer tower.', 'lower newer power', '今天天气', '今天Weather', 'É é'];

it('starts with special tokens, then characters, then merged pieces', () => {
  const vocabulary = buildWordPieceVocabulary(corpus, { size: 60 });
  expect(vocabulary.slice(0, 5)).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']);
  expect(vocabulary).toEqual(expect.arrayContaining(['今', '天', 'lower', 'newer', 'e']));
  expect(vocabulary).not.toContain('气');
  expect(vocabulary).not.toContain('##天');
  expect(new Set(vocabulary).size).toBe(vocabulary.length);
});

it('depends on the texts, not on their order, and stays within its size', () => {
  const reversed = [...corpus].reverse();
  for (const size of [6, 12, 20, 36]) {
    const vocabulary = buildWordPieceVocabulary(corpus, { size, minFrequency: 1 });
    expect(vocabulary).toHaveLength(size);
    expect(buildWordPieceVocabulary(reversed, { size, minFrequency: 1 })).toEqual(vocabulary);
  }
});

it('spells its corpus without unknown tokens', () => {
  for (const lowercase of [true, false]) {
    const vocabulary = buildWordPieceVocabulary(corpus, { size: 200, minFrequency: 1, lowercase });
    const tokenizer = Tokenizer.fromFiles({
      tokenizerJson: wordPieceTokenizerJson(vocabulary, { lowercase }),
    });
    for (const text of corpus) expect(tokenizer.encodePieces(text)).not.toContain(tokenizer.unkId);
    expect(vocabulary.includes('T')).toBe(!lowercase);
  }
});

it('refuses a size without room for text', () => {
  expect(() => buildWordPieceVocabulary(corpus, { size: 5 })).toThrow('expected a size above 5');
  expect(() => buildWordPieceVocabulary(corpus, { size: 50, minFrequency: 0 })).toThrow('minFrequency');
});
