import { expect, test } from 'vitest';
import { memoryLog } from '../testing/memory-log.js';
import { openScoreCache, pairKeys } from './score-cache.js';

const key = 'a'.repeat(32);

test('what is kept is there when it is opened again; the last score of a key counts, costs add up', async () => {
  const log = memoryLog();
  const cache = await openScoreCache(log);
  expect(cache.get(key)).toBeUndefined();
  await cache.keep([
    { key, score: 0.25, prompt_tokens: 10, completion_tokens: 1 },
    { prompt_tokens: 5, completion_tokens: 2 },
  ]);
  await cache.keep([{ key, score: 0.5, by: 'logprobs' }]);
  for (const each of [cache, await openScoreCache(log)]) {
    expect(each.get(key)).toEqual({ score: 0.5, by: 'logprobs' });
    expect(each.used).toEqual({ promptTokens: 15, completionTokens: 3 });
  }
});

test.each([['{"query":"a file of rows"}'], ['{}'], ['not JSON']])(
  'another file is not taken for one: %s',
  async (line) => {
    await expect(openScoreCache(memoryLog([line]))).rejects.toThrow(
      /^cache:1: expected a file of kept scores/,
    );
  },
);

test.each([
  ['{'],
  ['null'],
  ['{"key":"x","score":1}'],
  [`{"key":"${key}"}`],
  [`{"key":"${key}","score":"1"}`],
  [`{"key":"${key}","score":1,"by":"guess"}`],
  ['{"prompt_tokens":-1}'],
])('a line that is none: %s', async (line) => {
  const log = memoryLog();
  await openScoreCache(log);
  await log.append([line]);
  await expect(openScoreCache(log)).rejects.toThrow(/^cache:2: expected a kept score, got .* — name another/);
});

test('keys depend on the teacher and on every text, each by itself', async () => {
  const pair = { query: 'a', content: 'b' };
  const keys = await Promise.all([
    pairKeys({ identity: { model: 'm' } })(pair),
    pairKeys({ identity: { model: 'n' } })(pair),
    pairKeys({ identity: { model: 'm', prompt: 'p' } })(pair),
    pairKeys({ identity: { model: 'm' } })({ query: 'ab', content: '' }),
    pairKeys({ identity: { model: 'm' } })({ ...pair, answer: 'c' }),
  ]);
  expect(new Set(keys).size).toBe(5);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  const [one, other] = [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ].map((identity) => pairKeys({ identity }));
  expect(await one!(pair)).toBe(await other!(pair));
});
