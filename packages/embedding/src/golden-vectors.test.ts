import { expect, test } from 'vitest';
import { goldenVectors } from './golden-vectors.js';

test('a case has the tokens and the vector of its text', () => {
  const encode = (text: string) => ({ input_ids: [text.length] });
  expect(goldenVectors({ encode }, ['ab'], [Float32Array.of(0.5, 1)])).toEqual([
    { input: 'ab', input_ids: [2], output: [0.5, 1] },
  ]);
});
