import { openTokenizer, wordPieceTokenizerJson } from '@rag/text';
import { describe, expect, test } from 'vitest';
import type { SurveyRow } from './survey-row.js';
import { sampledRows, type TokenLimits, tokenSurveyor } from './survey-tokens.js';

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '<0x41>'];
const tokenizer = openTokenizer({
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: false })),
});
const row = (query: string, ...texts: string[]): SurveyRow => ({
  at: { file: 'a.jsonl', line: 1 },
  shape: 'pair',
  query,
  passages: texts.map((text) => ({ text })),
});
const tokens = (limits: TokenLimits, ...rows: SurveyRow[]) => {
  const looking = tokenSurveyor(tokenizer, limits);
  for (const one of rows) looking.add(one);
  return looking.survey();
};
const once = { count: 1, first: 'a.jsonl:1' };
const none = { count: 0 };
/** `a a a`, n times. */
const times = (n: number) => Array.from({ length: n }, () => 'a').join(' ');

test('tokens, unknown ones, characters of each', () => {
  const found = tokens({ query: 9, passage: 9 }, row('a b', 'a ?'));
  expect(found).toMatchObject({
    rows: 1,
    texts: 2,
    tokens: 4,
    unknown: 1,
    bytes: 0,
    charactersPerToken: 1.5,
  });
  expect([found.query.most, found.passage.most]).toEqual([2, 2]);
});

test('tokens of bytes', () => {
  const bytes = { ...tokenizer, encode: tokenizer.encode.bind(tokenizer), pairSpecialCount: 3, unkId: 1 };
  const pieces = { ...bytes, encodePieces: () => [7, 7, 5], tokenToId: tokenizer.tokenToId.bind(tokenizer) };
  const looking = tokenSurveyor(pieces, { pair: 9 });
  looking.add(row('x', 'y'));
  expect(looking.survey()).toMatchObject({ tokens: 6, bytes: 4 });
});

describe('what is cut', () => {
  test('texts alone, special tokens included', () => {
    const limits = { query: 4, passage: 5 };
    expect(tokens(limits, row(times(2), times(3)))).toMatchObject({ cutQueries: none, cutPassages: none });
    expect(tokens(limits, row(times(3), times(4)))).toMatchObject({ cutQueries: once, cutPassages: once });
    expect(tokens(limits, row(times(4)))).toMatchObject({ cutPassages: once, cutQueries: none });
  });
  test('pairs: [CLS] query [SEP] passage [SEP]', () => {
    expect(tokens({ pair: 23 }, row(times(10), times(10)))).toMatchObject({
      cutPassages: none,
      noRoom: none,
    });
    expect(tokens({ pair: 23 }, row(times(10), times(11)))).toMatchObject({
      cutPassages: once,
      noRoom: none,
    });
    expect(tokens({ pair: 23 }, row(times(13), times(8)))).toMatchObject({ cutPassages: once, noRoom: once });
    expect(tokens({ pair: 23 }, row(times(13), times(7)))).toMatchObject({ cutPassages: none, noRoom: none });
    expect(tokens({ pair: 23 }, row(times(20), times(7)))).toMatchObject({ cutQueries: once, noRoom: once });
  });
});

test('sampled rows are spread evenly and stay within the budget', () => {
  expect(sampledRows(4, 10, 1000)).toEqual([0, 1, 2, 3]);
  expect(sampledRows(100, 10, 40)).toEqual([12, 37, 62, 87]);
  expect(sampledRows(3, 1e9, 10)).toEqual([1]);
});
