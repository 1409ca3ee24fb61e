import { expect, it } from 'vitest';
import { tokenize } from './tokenize.js';

it('gives words of English, characters and bigrams of Chinese', () => {
  expect(tokenize('How do tides work?')).toEqual(['how', 'do', 'tides', 'work']);
  expect(tokenize('潮汐的成因')).toEqual(['潮', '潮汐', '汐', '汐的', '的', '的成', '成', '成因', '因']);
});

it('separates scripts inside a run and never joins across punctuation', () => {
  expect(tokenize('BERT模型-v2')).toEqual(['bert', '模', '模型', '型', 'v2']);
  expect(tokenize('天、地')).toEqual(['天', '地']);
});

it('folds case and full-width forms, keeps accents and astral characters whole', () => {
  expect(tokenize('ＧＰＵ Naïve')).toEqual(['gpu', 'naïve']);
  expect(tokenize('𠀀𠀁')).toEqual(['𠀀', '𠀀𠀁', '𠀁']);
});

it('has no terms where there are none', () => {
  expect(tokenize('')).toEqual([]);
  expect(tokenize(' …!?🙂 ')).toEqual([]);
});
