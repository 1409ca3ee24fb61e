import { expect, it } from 'vitest';
import { tinyConfig, tinyTokenizer } from './testing/tiny.js';
import { textEncoder } from './text-encoder.js';

const tokenizer = tinyTokenizer();
const id = (token: string) => tokenizer.tokenToId(token)!;
const [cls, sep] = [id('[CLS]'), id('[SEP]')];

it('texts in the template, cut at their end', () => {
  const encoder = textEncoder(tokenizer, tinyConfig(), 5);
  expect(encoder).toMatchObject({ maxLength: 5, padId: 0 });
  expect(encoder.encode('the cat').input_ids).toEqual([cls, id('the'), id('cat'), sep]);
  expect(encoder.encode('the cat sat in the sun').input_ids).toEqual([
    cls,
    id('the'),
    id('cat'),
    id('sat'),
    sep,
  ]);
  expect(encoder.encode('').input_ids).toEqual([cls, sep]);
  expect(encoder.encode('猫 月').token_type_ids).toEqual([0, 0, 0, 0]);
});

it('a model with one token type gets no other', () => {
  const typed = { ...tokenizer, padId: 0, encode: () => ({ input_ids: [2, 5], token_type_ids: [1, 1] }) };
  const encode = (type_vocab_size: number) =>
    textEncoder(typed as unknown as typeof tokenizer, tinyConfig({ type_vocab_size }), 8).encode('x');
  expect(encode(2).token_type_ids).toEqual([1, 1]);
  expect(encode(1).token_type_ids).toEqual([0, 0]);
});

it('the tokens of a prompt are those in front, without what closes the template', () => {
  const { promptTokens } = textEncoder(tokenizer, tinyConfig(), 5);
  expect(promptTokens('query : ')).toBe(3);
  expect(promptTokens('query : query : query :')).toBe(7);
});

it.each([2, 65, 3.5, Number.NaN, -1, Number.POSITIVE_INFINITY])(
  'a maxLength of %d is refused',
  (maxLength) => {
    expect(() => textEncoder(tokenizer, tinyConfig(), maxLength)).toThrow(
      `maxLength: expected an integer from 3 to 64 (the model's positions), got ${maxLength}`,
    );
  },
);

it('gives of a pool what it gives itself', async () => {
  const asked: unknown[] = [];
  const pool = {
    encode: async (texts: readonly string[], options: { maxLength: number; signal?: AbortSignal }) => {
      asked.push(options);
      return texts.map((text) => {
        const { input_ids, token_type_ids } = tokenizer.encode(text, options);
        return {
          input_ids: Int32Array.from(input_ids),
          token_type_ids: Int32Array.from(token_type_ids, () => 1),
        };
      });
    },
  };
  const { signal } = new AbortController();
  const texts = ['the cat sat in the sun', ''];
  const encodeBy = (type_vocab_size: number) =>
    textEncoder(tokenizer, tinyConfig({ type_vocab_size }), 5).encodeBy(pool, texts, signal);
  const encoder = textEncoder(tokenizer, tinyConfig({ type_vocab_size: 1 }), 5);
  expect(await encodeBy(1)).toEqual(texts.map((text) => encoder.encode(text)));
  expect((await encodeBy(2))[1]!.token_type_ids).toEqual([1, 1]);
  expect(asked[0]).toEqual({ maxLength: 5, signal });
});
