import { expect, test } from 'vitest';
import { goldenScores } from './golden-scores.js';

test('a case has the tokens and the score of its pair', () => {
  const encode = (query: string, passage: string) => ({
    input_ids: [query.length, passage.length],
    token_type_ids: [0, 1],
  });
  expect(goldenScores({ encode }, [['ab', 'c']], [0.5])).toEqual([
    { input: ['ab', 'c'], input_ids: [2, 1], output: [0.5] },
  ]);
});
