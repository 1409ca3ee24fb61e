import { expect, test } from 'vitest';
import { nineDigits, scoresOf } from './pair-scorer.js';

const pair = { query: 'q', prompted: 'q', passage: 'p' };
const scorer = (...scores: number[]) => ({ score: async () => scores });

test('nine digits give every float32 back', () => {
  let bits = 1;
  for (let i = 0; i < 2000; i++) {
    bits = Math.imul(bits, 1664525) + 1013904223;
    const value = new Float32Array(Int32Array.of(bits).buffer)[0]!;
    if (Number.isFinite(value)) expect(Math.fround(nineDigits(value))).toBe(value + 0);
  }
  expect(nineDigits(0.1)).toBe(0.100000001);
  expect(Object.is(nineDigits(-0), 0)).toBe(true);
});

test('no pairs ask no model; what is no score is refused', async () => {
  expect(await scoresOf(scorer(1), [])).toEqual([]);
  expect(await scoresOf(scorer(0.5), [pair])).toEqual([0.5]);
  await expect(scoresOf(scorer(1, 2), [pair])).rejects.toThrow('expected 1, one per pair, got 2');
  await expect(scoresOf(scorer(Number.NaN), [pair])).rejects.toThrow('expected a finite number, got NaN');
});
