import { expect, test } from 'vitest';
import { rankPassages, slicePassages } from './rank-passages.js';

const encoder = {
  maxLength: 8,
  fits: () => true,
  padId: 0,
  encode: (query: string, passage: string) => ({
    input_ids: [query.length, passage.length],
    token_type_ids: [0, 1],
  }),
  encodeSlices: (query: string, passage: string) =>
    [...passage].map((_, i) => ({ input_ids: [query.length, i], token_type_ids: [0, 1] })),
};

test('a passage is one sequence, or as many as it has slices, of which the best counts', () => {
  const passages = ['ab', 'c'];
  expect(slicePassages(encoder, 'q', passages, {}).passageOf).toEqual([0, 1]);
  const sliced = slicePassages(encoder, 'q', passages, { longDocument: 'max-slice' });
  expect(sliced.passageOf).toEqual([0, 0, 1]);
  expect(rankPassages(passages, sliced.passageOf, [-3, 2, 1], {})).toEqual([
    { index: 0, score: 2, text: 'ab' },
    { index: 1, score: 1, text: 'c' },
  ]);
});

test('equal scores keep the order, and topK cuts', () => {
  const ranked = rankPassages(['a', 'b', 'c'], [0, 1, 2], [1, 2, 1], { topK: 2 });
  expect(ranked.map(({ index }) => index)).toEqual([1, 0]);
});

test('options out of range are named', () => {
  expect(() => slicePassages(encoder, 'q', ['a'], { topK: 0.5 })).toThrow('topK: expected a whole number');
  expect(() => slicePassages(encoder, 'q', ['a'], { longDocument: 'cut' as never })).toThrow('longDocument');
});
