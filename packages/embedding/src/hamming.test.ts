import { expect, it } from 'vitest';
import { bitWords, hammingDistance } from './hamming.js';

const bytes = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) ^ Math.imul(seed, 40503)) >>> 11);

/** Ones in binary spelling. */
const slow = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, byte, i) => sum + (byte ^ b[i]!).toString(2).replaceAll('0', '').length, 0);

it.each([1, 2, 3, 4, 8, 31, 32, 96, 123, 124, 125, 128, 248, 252, 400])(
  'counts the bits that differ in rows of %i bytes',
  (width) => {
    const corpus = bytes(5 * width, 1);
    const query = bytes(width, 2);
    const words = bitWords(corpus, query);
    expect(words.corpus).toBeInstanceOf(width % 4 === 0 ? Uint32Array : Uint8Array);
    for (let row = 0; row < 5; row++)
      expect(hammingDistance(words.corpus, row * words.query.length, words.query)).toBe(
        slow(corpus.subarray(row * width, (row + 1) * width), query),
      );
  },
);

it.each([4, 124, 128, 1024, 1023])('counts are not cut off where all bits of %i bytes differ', (width) => {
  const words = bitWords(new Uint8Array(width).fill(0xff), new Uint8Array(width));
  expect(hammingDistance(words.corpus, 0, words.query)).toBe(8 * width);
});

it('a corpus that does not start at a whole word is read by bytes, where it lies', () => {
  const memory = bytes(17, 3);
  const corpus = memory.subarray(1);
  const query = bytes(8, 4);
  const words = bitWords(corpus, query);
  expect(words.corpus.buffer).toBe(memory.buffer);
  expect(hammingDistance(words.corpus, words.query.length, words.query)).toBe(
    slow(corpus.subarray(8), query),
  );
});

it('signed bytes count as their bits', () => {
  const words = bitWords(Int8Array.of(-128, -1, 0, 127), Int8Array.of(127, 0, 0, 127));
  expect(hammingDistance(words.corpus, 0, words.query)).toBe(16);
});
