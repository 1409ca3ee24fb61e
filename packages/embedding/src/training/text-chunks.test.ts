import type { Batch, ChunkedBatch } from '@rag/runtime';
import { Tensor } from '@rag/runtime';
import { describe, expect, test } from 'vitest';
import { textChunks } from './text-chunks.js';

const sequence = (length: number, first: number) => ({
  input_ids: Array.from({ length }, (_, i) => first + i),
  token_type_ids: new Array<number>(length).fill(0),
});
const texts = [sequence(2, 10), sequence(5, 20), sequence(1, 30), sequence(4, 40)];
const rows = [7, 3, 9, 4];
const inputs = [
  { name: 'dropout.0.rows', shape: ['tokens'] },
  { name: 'dropout.0.columns', shape: [16] },
];
const options = { padId: 0, maxLength: 8, dropout: { seed: 1, update: 2, inputs } };
const head = { mask: new Tensor('float32', [1], new Float32Array(1)) };
const firstIds = ({ input_ids, first_token }: Batch) =>
  Array.from(first_token!.data as BigInt64Array, (row) => Number(input_ids!.data[Number(row)]));

test('without a budget the texts are one batch in their order, with the inputs of the loss', () => {
  const { places, with: batch } = textChunks(texts, rows, options);
  expect(places).toEqual([0, 1, 2, 3]);
  const whole = batch(head) as Batch;
  expect(firstIds(whole)).toEqual([10, 20, 30, 40]);
  expect(whole.mask).toBe(head.mask);
  expect(Object.keys(whole)).toContain('dropout.0.rows');
});

describe('chunks', () => {
  const { places, with: batch } = textChunks(texts, rows, { ...options, chunkTokens: 8 });
  const chunked = batch(head) as ChunkedBatch;

  test('hold texts of like length within the budget, the longest first', () => {
    expect([...chunked.chunks].map(firstIds)).toEqual([[20], [40, 10], [30]]);
    expect(places).toEqual([2, 0, 3, 1]);
    expect(chunked.head).toBe(head);
  });

  test('are made anew for each pass, and equal', () => {
    const [first, second] = [[...chunked.chunks], [...chunked.chunks]];
    expect(second).toEqual(first);
    expect(second[0]!.input_ids).not.toBe(first[0]!.input_ids);
  });

  test('draw the dropout of the whole batch for every token', () => {
    const whole = textChunks(texts, rows, options).with(head) as Batch;
    const drawn = (chunk: Batch) =>
      Array.from(chunk['dropout.0.rows']!.data as Float32Array).filter(
        (_, row) => Number(chunk.input_ids!.data[row]) > 0,
      );
    const parts = [...chunked.chunks].flatMap(drawn);
    const all = drawn(whole);
    // Tokens of the texts in the order of the chunks: lengths 5, 4, 2, 1.
    expect(parts).toEqual([...all.slice(2, 7), ...all.slice(8, 12), ...all.slice(0, 2), all[7]]);
    for (const chunk of chunked.chunks)
      expect(chunk['dropout.0.columns']).toEqual(whole['dropout.0.columns']);
  });
});

test.each(['packed', 'padded'] as const)(
  'there is a cell of padding, %s, which filler takes its gradient from',
  (mode) => {
    const full = [sequence(8, 10), sequence(8, 20)];
    const { attention_mask, token_index } = textChunks(full, [0, 1], { ...options, mode }).with({}) as Batch;
    expect(attention_mask!.shape).toEqual([2, 16]);
    const filler = Number(token_index!.data.at(-1));
    expect(attention_mask!.data[filler]).toBe(0);
    const ragged = textChunks([sequence(8, 10), sequence(7, 20)], [0, 1], options).with({}) as Batch;
    expect(ragged.attention_mask!.shape).toEqual([2, 8]);
  },
);

test('a budget below one token is refused', () => {
  for (const chunkTokens of [0, Number.NaN])
    expect(() => textChunks(texts, rows, { ...options, chunkTokens })).toThrow('limits of at least 1');
});

test('chunkTexts bounds the texts of a chunk', () => {
  const sizes = ({ chunks }: ChunkedBatch) => [...chunks].map(({ first_token }) => first_token!.shape[0]);
  const few = textChunks(texts, rows, { ...options, chunkTokens: 1000, chunkTexts: 3 }).with(head);
  const all = textChunks(texts, rows, { ...options, chunkTokens: 1000 }).with(head);
  expect(sizes(all as ChunkedBatch)).toEqual([4]);
  expect(sizes(few as ChunkedBatch).toSorted()).toEqual([1, 3]);
});
