import { expect, test } from 'vitest';
import { retrieverScorer } from './retriever-scorer.js';

test('a retriever reads the query with its prompt', async () => {
  const scorer = retrieverScorer({
    similarities: async (pairs) => pairs.map(({ first, second }) => first.length - second.length),
  });
  expect(await scorer.score([{ query: 'q', prompted: 'prompt: q', passage: 'abc' }])).toEqual([6]);
  const aborted = AbortSignal.abort(new Error('enough'));
  expect(() => scorer.score([], { signal: aborted })).toThrow('enough');
});
