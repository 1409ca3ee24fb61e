import { Tokenizer } from '@rag/text';
import { describe, expect, test } from 'vitest';
import type { ColbertSettings } from './colbert-settings.js';
import { tinyConfig, tinySettings, tinyTokenizer, tinyTokenizerFiles } from './testing/tiny.js';
import { textEncoder } from './text-encoder.js';

const tokenizer = tinyTokenizer();
const id = (token: string) => tokenizer.tokenToId(token)!;
const ids = (text: string) => text.split(' ').map(id);
const pylate: Partial<ColbertSettings> = {
  layout: 'pylate',
  query_prefix: '[unused0]',
  document_prefix: '[unused1]',
  query_length: 8,
  document_length: 7,
  do_query_expansion: true,
  skiplist_words: ['.', ','],
  maskSpecialTokens: false,
  divideByQueryLength: false,
};
const open = (overrides: Partial<ColbertSettings> = {}) =>
  textEncoder(tokenizer, tinyConfig(), tinySettings(overrides));

test('RAG-Retrieval: nothing is added; the first position, pad and cls do not count, on either side', () => {
  const encoder = open();
  const expected = {
    input_ids: ids('[CLS] the [CLS] cat [PAD] . [SEP]'),
    token_type_ids: [0, 0, 0, 0, 0, 0, 0],
    attention: [1, 1, 1, 1, 1, 1, 1],
    scored: [0, 1, 0, 1, 0, 1, 1],
  };
  expect(encoder.encodeQuery('the [CLS] cat [PAD] .')).toEqual(expected);
  expect(encoder.encodePassage('the [CLS] cat [PAD] .')).toEqual(expected);
  expect(encoder.padId).toBe(id('[PAD]'));
});

describe('PyLate', () => {
  test('queries are marked and filled up with mask tokens, whose vectors count', () => {
    expect(open(pylate).encodeQuery(' the cat . ')).toEqual({
      input_ids: ids('[CLS] [unused0] the cat . [SEP] [MASK] [MASK]'),
      token_type_ids: [0, 0, 0, 0, 0, 0, 0, 0],
      attention: [1, 1, 1, 1, 1, 1, 0, 0],
      scored: [1, 1, 1, 1, 1, 1, 1, 1],
    });
    const attending = open({ ...pylate, attend_to_expansion_tokens: true });
    expect(attending.encodeQuery('the').attention).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    const plain = open({ ...pylate, do_query_expansion: false }).encodeQuery('the');
    expect(plain.input_ids).toEqual(ids('[CLS] [unused0] the [SEP]'));
    expect(plain.scored).toEqual([1, 1, 1, 1]);
  });

  test('passages are marked, cut with their marker, and lose the skiplist', () => {
    const { input_ids, scored } = open(pylate).encodePassage('the cat . sat , the dog ran');
    expect(input_ids).toEqual(ids('[CLS] [unused1] the cat . sat [SEP]'));
    expect(scored).toEqual([1, 1, 1, 1, 0, 1, 1]);
  });

  test('a query of full length is not filled', () => {
    const { input_ids } = open(pylate).encodeQuery('the the the the the the the the the');
    expect(input_ids).toEqual(ids('[CLS] [unused0] the the the the the [SEP]'));
  });

  test('lengths of a call, lower case, one token type', () => {
    const encoder = textEncoder(tokenizer, tinyConfig({ type_vocab_size: 1 }), tinySettings(pylate), {
      queryLength: 5,
      passageLength: 4,
    });
    expect(encoder.encodeQuery('the').input_ids).toEqual(ids('[CLS] [unused0] the [SEP] [MASK]'));
    expect(encoder.encodePassage('the cat').input_ids).toEqual(ids('[CLS] [unused1] the [SEP]'));
    expect(encoder.settings).toMatchObject({ query_length: 5, document_length: 4 });
    const cased = Tokenizer.fromFiles({
      tokenizerJson: JSON.parse(
        tinyTokenizerFiles['tokenizer.json'].replace('"lowercase":true', '"lowercase":false'),
      ),
    });
    const lower = (do_lower_case: boolean) =>
      textEncoder(cased, tinyConfig(), tinySettings({ ...pylate, do_lower_case })).encodePassage('THE')
        .input_ids;
    expect(lower(true)).toEqual(ids('[CLS] [unused1] the [SEP]'));
    expect(lower(false)).toEqual(ids('[CLS] [unused1] [UNK] [SEP]'));
  });

  test('a skiplist word that is no token means the unknown token, as PyLate looks it up; Stanford takes its first piece', () => {
    const words = { skiplist_words: ['the cat'] };
    const text = 'the qqq cat';
    expect(open({ ...pylate, ...words }).encodePassage(text).scored).toEqual([1, 1, 1, 0, 1, 1]);
    const stanford = open({ ...pylate, ...words, layout: 'colbertv2' });
    expect(stanford.encodePassage(text).scored).toEqual([1, 1, 0, 1, 1, 1]);
  });
});

test.each([
  [{ ...pylate, query_prefix: '[Q] ' }, 'query_prefix: expected a token of the tokenizer, got "[Q] "'],
  [{ ...pylate, document_prefix: '[D] ' }, 'document_prefix: expected a token of the tokenizer, got "[D] "'],
  [{ ...pylate, query_length: 65 }, 'query_length: expected a whole number of tokens from 4 to 64'],
  [{ ...pylate, layout: 'colbertv2' as const, skiplist_words: [''] }, 'skiplist_words: expected tokens'],
])('settings that the model cannot have: %j', (settings, message) => {
  expect(() => open(settings)).toThrow(message);
});

test('expansion needs a mask token', () => {
  const json = JSON.parse(tinyTokenizerFiles['tokenizer.json']);
  const { '[MASK]': mask, ...vocab } = json.model.vocab;
  const without = {
    ...json,
    added_tokens: json.added_tokens.filter(({ content }: { content: string }) => content !== '[MASK]'),
    model: { ...json.model, vocab: { ...vocab, filler: mask } },
  };
  const bare = Tokenizer.fromFiles({ tokenizerJson: without });
  expect(() => textEncoder(bare, tinyConfig(), tinySettings(pylate))).toThrow(
    'do_query_expansion: expected a tokenizer with a mask token, got none',
  );
});
