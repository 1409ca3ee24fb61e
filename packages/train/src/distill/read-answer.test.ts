import { expect, test } from 'vitest';
import { isObject, readUsage } from './read-answer.js';

test('usage of whole numbers; embeddings have no completion', () => {
  expect(readUsage({ usage: { prompt_tokens: 3 } })).toEqual({ promptTokens: 3, completionTokens: 0 });
  for (const usage of [
    undefined,
    [],
    {},
    { prompt_tokens: 1, completion_tokens: -1 },
    { prompt_tokens: 2 ** 60 },
  ])
    expect(readUsage({ usage })).toBeUndefined();
  expect([{}, [], null, 'x'].map(isObject)).toEqual([true, false, false, false]);
});
