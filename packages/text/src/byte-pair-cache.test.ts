import { expect, it } from 'vitest';
import { WordCache } from './byte-pair-cache.js';

const read = (cache: WordCache, word: string): number[] | undefined => {
  const out: number[] = [];
  return cache.read(word, out) ? out : undefined;
};

it('gives back what was written, and nothing else', () => {
  const cache = new WordCache(8);
  for (let i = 0; i < 100; i++) cache.write(`w${i}`, Int32Array.of(i, i + 1, 7), i % 4);
  for (let i = 0; i < 100; i++) expect(read(cache, `w${i}`)).toEqual([i, i + 1, 7].slice(0, i % 4));
  expect(read(cache, 'w')).toBeUndefined();
  expect(read(cache, 'w100')).toBeUndefined();
  expect(read(cache, '')).toBeUndefined();
});

it('begins anew when it is full, in slots, in letters or in ids', () => {
  const ids = new Int32Array(256).fill(5);
  for (const [length, count] of [
    [4, 1],
    [64, 1],
    [4, 256],
  ] as const) {
    const cache = new WordCache(8);
    const words = Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(length, '.'));
    for (const word of words) {
      cache.write(word, ids, count);
      expect(read(cache, word)).toHaveLength(count);
    }
    const kept = words.filter((word) => read(cache, word) !== undefined);
    expect(kept.length).toBeLessThan(140);
    for (const word of kept) expect(read(cache, word)).toHaveLength(count);
  }
});

it('leaves out long words', () => {
  const cache = new WordCache(8);
  cache.write('x'.repeat(65), Int32Array.of(1), 1);
  expect(read(cache, 'x'.repeat(65))).toBeUndefined();
  cache.write('x', new Int32Array(300), 300);
  expect(read(cache, 'x')).toBeUndefined();
});
