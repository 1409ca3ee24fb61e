import type { Batch, ChunkedBatch, Tensor } from '@rag/runtime';
import { expect, test } from 'vitest';
import { tinyConfig, tinySettings, tinyTokenizer } from '../testing/tiny.js';
import { textEncoder } from '../text-encoder.js';
import { packTexts } from './packed-texts.js';

const encoder = textEncoder(tinyTokenizer(), tinyConfig(), tinySettings());
const words = 'the a of in cat dog moon sun sat ran red blue why does what is bright night day'.split(' ');
const textOf = (length: number, from: number) =>
  Array.from({ length }, (_, i) => words[(from + i) % words.length]!).join(' ');
const texts = [3, 1, 6, 12, 6, 2].map((length, i) => ({
  sequence: encoder.encodePassage(textOf(length, i)),
  row: 100 + i,
}));
const numbers = (tensor: Tensor) => Array.from(tensor.data as BigInt64Array | Float32Array, Number);
const chunksOf = (packed: ReturnType<typeof packTexts>) => [...(packed.batch({}) as ChunkedBatch).chunks];
const joined = (chunks: readonly Batch[], name: string) => chunks.flatMap((chunk) => numbers(chunk[name]!));

test.each([undefined, 1, 24, 1000])(
  'the first rows point at the texts’ tokens, chunks of %s tokens',
  (chunkTokens) => {
    const packed = packTexts(texts, { encoder, ...(chunkTokens !== undefined && { chunkTokens }) });
    const chunks = chunkTokens === undefined ? [packed.batch({}) as Batch] : chunksOf(packed);
    const ids = joined(chunks, 'input_ids');
    for (const [i, { sequence }] of texts.entries()) {
      const first = packed.first[i]!;
      expect(ids.slice(first, first + sequence.input_ids.length)).toEqual(sequence.input_ids);
    }
    expect(joined(chunks, 'token_mask')[packed.zeroRow]).toBe(0);
    expect(packed.realTokens).toBe(texts.reduce((sum, { sequence }) => sum + sequence.input_ids.length, 0));
  },
);

test('every chunk has a padding cell, which filler rows name', () => {
  for (const chunk of chunksOf(packTexts(texts, { encoder, chunkTokens: 1 }))) {
    const mask = numbers(chunk.attention_mask!);
    expect(mask).toContain(0);
    expect(mask[numbers(chunk.token_index!).at(-1)!]).toBe(0);
  }
});

test('chunks keep to their budget, and are made anew when read again', () => {
  const packed = packTexts(texts, { encoder, chunkTokens: 24 });
  const { chunks } = packed.batch({}) as ChunkedBatch;
  const [once, again] = [[...chunks], [...chunks]];
  expect(once.length).toBeGreaterThan(1);
  expect(again).toEqual(once);
  for (const { attention_mask } of once.slice(1))
    expect(attention_mask!.shape[0]! * 8).toBeLessThanOrEqual(24);
});

test('dropout follows the text’s row, whichever chunk it is in', () => {
  const inputs = [{ name: 'dropout.0.rows', shape: ['tokens'] }];
  const dropout = { seed: 1, update: 2, inputs };
  const whole = packTexts(texts, { encoder, dropout });
  const chunked = packTexts(texts, { encoder, dropout, chunkTokens: 24 });
  const masks = numbers((whole.batch({}) as Batch)['dropout.0.rows']!);
  const parts = joined(chunksOf(chunked), 'dropout.0.rows');
  for (const [i, { sequence }] of texts.entries()) {
    const rows = (from: number, all: number[]) => all.slice(from, from + sequence.input_ids.length);
    expect(rows(chunked.first[i]!, parts)).toEqual(rows(whole.first[i]!, masks));
  }
  expect(new Set(masks).size).toBeGreaterThan(10);
});

test('what the loss reads stands beside the tokens, or beside the chunks', () => {
  const head = packTexts(texts, { encoder }).batch({}) as Batch;
  const extra = { target: head.input_ids! };
  expect(packTexts(texts, { encoder }).batch(extra)).toHaveProperty('target');
  expect(packTexts(texts, { encoder, chunkTokens: 9 }).batch(extra)).toHaveProperty('head', extra);
});

test('no texts are an error', () => {
  for (const chunkTokens of [undefined, 8])
    expect(() => packTexts([], { encoder, ...(chunkTokens && { chunkTokens }) })).toThrow(
      'packTexts: expected at least one text, got none',
    );
});
