import { expect, it } from 'vitest';
import { exactLadder, sizeLadder } from './ladder.js';

const ladder = sizeLadder({ maxSeq: 500 });

it('rounds up, wasting a 32nd at most beyond the first rungs, and stays on its own rungs', () => {
  for (let n = 1; n < 20_000; n += 7) {
    const size = ladder.tokens(n);
    expect(size).toBeGreaterThanOrEqual(n);
    expect(size % 16).toBe(0);
    if (n >= 512) expect(size).toBeLessThanOrEqual(n * (1 + 1 / 32));
    expect(ladder.tokens(size)).toBe(size);
  }
});

it('has 32 rungs per doubling', () => {
  const rungs = new Set(Array.from({ length: 4096 }, (_, i) => ladder.tokens(4097 + i)));
  expect(rungs.size).toBe(32);
});

it('rounds seq by its steps and caps it', () => {
  expect([1, 8, 9, 64, 65, 128, 129, 480, 481, 500].map(ladder.seq)).toEqual([
    8, 8, 16, 64, 80, 128, 160, 480, 500, 500,
  ]);
  expect(() => ladder.seq(501)).toThrow('expected at most 500 tokens, got 501');
  expect(exactLadder.seq(501) + exactLadder.tokens(3)).toBe(504);
});
