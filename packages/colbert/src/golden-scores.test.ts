import { expect, test } from 'vitest';
import { goldenScores } from './golden-scores.js';

test('a case has the tokens of query and passage, and the score', () => {
  const encode = (first: number) => (text: string) => ({
    input_ids: [first, text.length],
    token_type_ids: [0, 0],
    attention: [1, 1],
    scored: [1, 1],
  });
  const encoder = { encodeQuery: encode(8), encodePassage: encode(9) };
  expect(goldenScores(encoder, [['ab', 'c']], [0.5])).toEqual([
    { input: ['ab', 'c'], input_ids: [8, 2, 9, 1], output: [0.5] },
  ]);
});
