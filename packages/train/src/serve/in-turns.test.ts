import { expect, test } from 'vitest';
import { inTurns } from './in-turns.js';

test('texts in their order, others between them, and none after the signal', async () => {
  const control = new AbortController();
  const texts = ['a'.repeat(20_000), 'b', 'c'.repeat(20_000), 'd'];
  const made: number[] = [];
  let turns = 0;
  const other = () => {
    turns++;
    if (made.length < 4) setImmediate(other);
  };
  setImmediate(other);
  const lengths = await inTurns(texts, undefined, (text, i) => made.push(i) && text.length);
  expect([lengths, made]).toEqual([
    [20_000, 1, 20_000, 1],
    [0, 1, 2, 3],
  ]);
  expect(turns).toBeGreaterThanOrEqual(2);
  const stopped = inTurns(texts, control.signal, (_, i) => {
    if (i === 0) control.abort(new Error('gone'));
    expect(i).toBe(0);
  });
  await expect(stopped).rejects.toThrow('gone');
});
