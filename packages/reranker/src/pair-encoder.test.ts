import { Tokenizer } from '@rag/text';
import { describe, expect, test } from 'vitest';
import { pairEncoder } from './pair-encoder.js';
import { tinyConfig, tinyTokenizer, tinyTokenizerFiles } from './testing/tiny.js';

const tokenizer = tinyTokenizer();
const [cls, sep] = [tokenizer.clsId!, tokenizer.sepId!];
const query = 'why does the moon';
const words = 'cat dog sun sat ran red blue what is bright night day'.split(' ');
/** 30 tokens whose order can be told: no run of three comes twice. */
const passage = Array.from({ length: 30 }, (_, i) => words[(i * i + (i >> 2)) % words.length]).join(' ');
const queryIds = tokenizer.encodePieces(query);
const passageIds = tokenizer.encodePieces(passage);

/** The passage's part of `[CLS] query [SEP] passage [SEP]`. */
function passagePart(ids: readonly number[], length = queryIds.length): number[] {
  expect(ids[0]).toBe(cls);
  expect(ids.slice(1, 1 + length)).toEqual(queryIds.slice(0, length));
  expect(ids[1 + length]).toBe(sep);
  expect(ids.at(-1)).toBe(sep);
  return ids.slice(2 + length, -1);
}

test('texts are cut to their own lengths before the pair is cut to its', () => {
  const encode = (maxLength: number, query: number, passage: number) =>
    pairEncoder(tokenizer, tinyConfig(), maxLength, { query, passage }).encode(...pair).input_ids;
  const pair = [query, passage] as const;
  expect(encode(60, 2, 5)).toEqual([cls, ...queryIds.slice(0, 2), sep, ...passageIds.slice(0, 5), sep]);
  expect(encode(12, 2, 30)).toEqual([cls, ...queryIds.slice(0, 2), sep, ...passageIds.slice(0, 7), sep]);
  const { input_ids, token_type_ids } = pairEncoder(tokenizer, tinyConfig(), 20).encode(...pair);
  const cut = pairEncoder(tokenizer, tinyConfig(), 20, { query: 99, passage: 99 }).encode(...pair);
  expect(cut).toEqual({ input_ids, token_type_ids });
});

describe('slices', () => {
  test.each([
    [20, 0],
    [20, 4],
    [20, 6],
    [13, 5],
    [9, 80],
  ])(
    'of %i tokens with an overlap of %i cover the whole passage once, with the query in each',
    (maxLength, overlap) => {
      const slices = pairEncoder(tokenizer, tinyConfig(), maxLength).encodeSlices(query, passage, overlap);
      const parts = slices.map(({ input_ids }) => passagePart(input_ids));
      const width = maxLength - 3 - queryIds.length;
      const shared = Math.min(overlap, Math.floor(width / 2));
      const joined = parts.flatMap((part, i) => (i === 0 ? part : part.slice(shared)));
      expect(joined).toEqual(passageIds);
      for (const [i, part] of parts.entries()) {
        expect(slices[i]!.input_ids.length).toBeLessThanOrEqual(maxLength);
        if (i > 0 && shared > 0) expect(part.slice(0, shared)).toEqual(parts[i - 1]!.slice(-shared));
        if (i < parts.length - 1) expect(part).toHaveLength(width);
      }
      expect(parts.length).toBe(1 + Math.ceil((passageIds.length - width) / (width - shared)));
    },
  );

  test('segments are those of the model’s template', () => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), 20);
    for (const { input_ids, token_type_ids } of encoder.encodeSlices(query, passage, 4)) {
      const second = input_ids.length - queryIds.length - 2;
      expect(token_type_ids).toEqual([
        ...new Array(queryIds.length + 2).fill(0),
        ...new Array(second).fill(1),
      ]);
    }
  });

  test.each([
    ['', ''],
    [query, ''],
    ['', 'cat'],
    [` ${query}\n`, '\tcat dog '],
  ])('a passage that fits is the one pair of encode: %j, %j', (query, passage) => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), 20);
    const { input_ids, token_type_ids } = encoder.encode(query, passage);
    expect(encoder.encodeSlices(query, passage, 4)).toEqual([{ input_ids, token_type_ids }]);
  });

  test('the first slice is what truncation keeps', () => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), 20);
    expect(encoder.encodeSlices(query, passage, 4)[0]!.input_ids).toEqual(
      encoder.encode(query, passage).input_ids,
    );
  });

  test('a passage of exactly the room is one pair, one token more makes two', () => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), 3 + queryIds.length + 12);
    const text = (count: number) => words.concat('cat').slice(0, count).join(' ');
    expect(encoder.encodeSlices(query, text(12), 0)).toHaveLength(1);
    const slices = encoder.encodeSlices(query, text(13), 0);
    expect(slices.map(({ input_ids }) => passagePart(input_ids).length)).toEqual([12, 1]);
  });

  test('a query longer than the limit keeps three quarters, and the passage is still covered', () => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), 23);
    const slices = encoder.encodeSlices(passage, query.repeat(1), 0);
    expect(slices).toHaveLength(1);
    const long = encoder.encodeSlices(passage, passage, 2);
    const parts = long.map(({ input_ids }) => {
      expect(input_ids.slice(1, 16)).toEqual(passageIds.slice(0, 15));
      expect(input_ids[16]).toBe(sep);
      return input_ids.slice(17, -1);
    });
    expect(parts.flatMap((part, i) => (i === 0 ? part : part.slice(2)))).toEqual(passageIds);
    expect(encoder.encode(passage, passage).input_ids).toHaveLength(23);
  });

  test('a query just below the limit does not make a pair per token', () => {
    const encoder = pairEncoder(tokenizer, tinyConfig(), passageIds.length + 4);
    const slices = encoder.encodeSlices(passage, passage, 0);
    expect(slices.length).toBeLessThanOrEqual(Math.ceil(passageIds.length / 7));
  });

  test('room for two tokens, or three, is shared', () => {
    for (const room of [2, 3]) {
      const slices = pairEncoder(tokenizer, tinyConfig(), room + 3).encodeSlices(passage, passage, 0);
      expect(slices).toHaveLength(passageIds.length);
      for (const { input_ids } of slices) expect(input_ids).toHaveLength(room + 3);
    }
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('an overlap of %d is an error', (overlap) => {
    expect(() => pairEncoder(tokenizer, tinyConfig(), 20).encodeSlices(query, passage, overlap)).toThrow(
      `overlap: expected a whole number of tokens ≥ 0, got ${overlap}`,
    );
  });
});

describe('RoBERTa', () => {
  const json = JSON.parse(tinyTokenizerFiles['tokenizer.json']);
  json.post_processor = { type: 'RobertaProcessing', cls: ['[CLS]', cls], sep: ['[SEP]', sep] };
  const roberta = tinyConfig({ model_type: 'roberta', type_vocab_size: 1, pad_token_id: 0 });

  test('pairs have its own template, two separators', () => {
    const encoder = pairEncoder(Tokenizer.fromFiles({ tokenizerJson: json }), roberta, 20);
    const [first] = encoder.encodeSlices(query, passage, 4);
    expect(first!.input_ids.slice(0, queryIds.length + 3)).toEqual([cls, ...queryIds, sep, sep]);
    expect(first!.input_ids).toHaveLength(20);
  });

  test('has one segment, whatever the template says', () => {
    const encoder = pairEncoder(tokenizer, roberta, 20);
    expect(new Set(encoder.encode(query, passage).token_type_ids)).toEqual(new Set([0]));
    for (const { token_type_ids } of encoder.encodeSlices(query, passage, 4))
      expect(new Set(token_type_ids)).toEqual(new Set([0]));
  });
});

test.each([4, 65, 20.5, Number.NaN])('a maxLength of %d is an error that names the range', (maxLength) => {
  expect(() => pairEncoder(tokenizer, tinyConfig(), maxLength)).toThrow(
    `maxLength: expected an integer from 5 to 64 (the model's positions), got ${maxLength}`,
  );
});

test('fits says whether a pair is taken whole', () => {
  const whole = tokenizer.pairSpecialCount + queryIds.length + passageIds.length;
  const fits = (maxLength: number, asked = query) =>
    pairEncoder(tokenizer, tinyConfig(), maxLength).fits(asked, passage);
  expect([fits(whole), fits(whole - 1)]).toEqual([true, false]);
  // A query that is cut while its passage is whole.
  expect(pairEncoder(tokenizer, tinyConfig(), 20).fits(passage, 'cat')).toBe(false);
});
