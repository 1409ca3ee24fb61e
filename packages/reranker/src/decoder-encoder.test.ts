import { OptionError } from '@rag/models';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';
import { expect, test } from 'vitest';
import { decoderEncoder } from './decoder-encoder.js';
import { type PairTemplate, SCALAR_TEMPLATE } from './pair-template.js';
import { tinyConfig } from './testing/tiny.js';

const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'q',
  'd',
  ':',
  '=',
  'a',
  'b',
  'c',
  'end',
  '猫',
  '月',
];
const json = wordPieceTokenizerJson(words, { lowercase: true });
const id = (word: string): number => words.indexOf(word);
const ids = (text: string): number[] => text.split(' ').map(id);

/** A tokenizer that puts [CLS] before a text, as Llama's puts its BOS. */
const tokenizer = (begin: boolean): Tokenizer =>
  Tokenizer.fromFiles({
    tokenizerJson: {
      ...json,
      post_processor: begin
        ? {
            type: 'TemplateProcessing',
            single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
            pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
            special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] } },
          }
        : null,
    },
  });

const template: PairTemplate = {
  before: '',
  query_format: 'q: {}',
  seq: '=',
  document_format: 'd: {}',
  special_token: 'end',
  joint: false,
};
const config = tinyConfig();
const encoder = (maxLength: number, begin = false, over: Partial<PairTemplate> = {}) =>
  decoderEncoder(tokenizer(begin), config, { ...template, ...over }, maxLength);

test('a pair is its parts one behind the other, trimmed, all of one segment', () => {
  const { input_ids, token_type_ids } = encoder(20).encode(' a b ', '猫\n');
  expect(input_ids).toEqual(ids('q : a b = d : 猫 end'));
  expect(token_type_ids).toEqual(new Array(9).fill(0));
});

test("the tokenizer's own first token comes first and counts", () => {
  expect(encoder(20, true).encode('a', 'b').input_ids).toEqual(ids('[CLS] q : a = d : b end'));
  const cut = encoder(9, true).encode('a', 'b c 月');
  expect(cut.input_ids).toEqual(ids('[CLS] q : a = d : b end'));
});

test('text before the query stands behind it', () => {
  expect(encoder(20, true, { before: '月' }).encode('a', 'b').input_ids).toEqual(
    ids('[CLS] 月 q : a = d : b end'),
  );
});

test('the passage loses its end, never the template', () => {
  expect(encoder(10).encode('a b', 'a b c 猫').input_ids).toEqual(ids('q : a b = d : a b end'));
});

test('fits says whether a pair is taken whole', () => {
  const length = ids('q : a b = d : a b c end').length;
  expect([encoder(length).fits('a b', 'a b c'), encoder(length - 1).fits('a b', 'a b c')]).toEqual([
    true,
    false,
  ]);
});

test('a query that leaves the passage nothing keeps three quarters; a short passage gives back', () => {
  const long = encoder(10).encode('a a a a a a a a a', 'b b b b');
  // Room for 8 tokens: 6 of the query with its "q :", 2 of the passage with its "d :".
  expect(long.input_ids).toEqual(ids('q : a a a a = d : end'));
  const short = encoder(12).encode('a a a a a a a a a', '');
  expect(short.input_ids).toEqual(ids('q : a a a a a a = d : end'));
  const whole = encoder(12).encode('a a a a a a a', 'b b b b');
  expect(whole.input_ids).toEqual(ids('q : a a a a a a a = d end'));
});

test('tokens at the end that are padding are left out', () => {
  const padded = decoderEncoder(
    tokenizer(false),
    config,
    { ...template, special_token: 'end [PAD] [PAD]' },
    20,
    0,
  );
  expect(padded.encode('a', 'b').input_ids).toEqual(ids('q : a = d : b end'));
});

test('room for two tokens, or three, is shared by a query and slices of a passage', () => {
  for (const room of [2, 3]) {
    const slices = encoder(room + 2).encodeSlices('a b c', 'a b c', 0);
    expect(slices.map(({ input_ids }) => input_ids.length)).toEqual([2, 1, 1, 1, 1].map(() => room + 2));
  }
});

test('a passage that has room beside what is kept of a long query is one slice, as it is encoded', () => {
  const [query, passage] = ['a a a a a a a a a', ''];
  expect(encoder(12).encodeSlices(query, passage, 0)).toEqual([encoder(12).encode(query, passage)]);
});

test('slices share the query and cover the passage', () => {
  const slices = encoder(11).encodeSlices('a', 'a b c 猫 月 a b c', 1);
  expect(slices.map(({ input_ids }) => input_ids)).toEqual([
    ids('q : a = d : a b c 猫 end'),
    ids('q : a = 猫 月 a b c end'),
  ]);
});

test('a joint template is one text to the tokenizer, its query what comes before the passage', () => {
  const joint = encoder(20, false, { joint: true, seq: ' ' });
  expect(joint.encode('a', 'b').input_ids).toEqual(ids('q : a d : b end'));
  const cut = encoder(8, false, { joint: true, seq: ' ' });
  expect(cut.encode('a', 'a b c').input_ids).toEqual(ids('q : a d : a b end'));
});

test('a length without room for text, or beyond the positions, is refused', () => {
  for (const maxLength of [3, 65, 7.5])
    expect(() => encoder(maxLength)).toThrow(
      new OptionError(
        'maxLength',
        `expected an integer from 4 (the template and two tokens of text) to 64 (the model's positions), got ${maxLength}`,
        'leave it out, or choose one of these',
      ),
    );
  expect(() => encoder(20).encodeSlices('a', 'b', -1)).toThrow('overlap: expected a whole number');
});

test("the default template is RAG-Retrieval's", () => {
  expect(SCALAR_TEMPLATE).toMatchObject({ query_format: 'query: {}', special_token: '</s>' });
});

test('texts are cut to their own lengths before the pair is cut to its', () => {
  const encode = (maxLength: number, query: number, passage: number) =>
    decoderEncoder(tokenizer(true), tinyConfig(), template, maxLength, undefined, { query, passage }).encode(
      'a b c',
      'c b a a b c',
    ).input_ids;
  expect(encode(30, 3, 4)).toEqual([id('[CLS]'), ...ids('q : a = d : c b end')]);
  expect(encode(9, 3, 6)).toEqual([id('[CLS]'), ...ids('q : a = d : c end')]);
});
