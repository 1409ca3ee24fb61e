import { expect, test } from 'vitest';
import { floatDigest } from './float-digest.js';

const ofWords = (...words: number[]) => floatDigest(new Float32Array(Uint32Array.from(words).buffer));

test('is MurmurHash3', () => {
  // Known answers of the 32-bit variant with seed 0: no bytes, ff ff ff ff, 21 43 65 87, 00 00 00 00.
  expect([ofWords(), ofWords(0xffffffff), ofWords(0x87654321), ofWords(0)]).toEqual([
    0, 0x76293b50, 0xf55b516b, 0x2362f9de,
  ]);
});

test('every bit counts, that of a zero’s sign and those of a NaN too', () => {
  const plain = Float32Array.of(1, 0, Number.NaN, 4);
  const digests = [plain, Float32Array.of(1, -0, Number.NaN, 4), plain.subarray(0, 3)].map(floatDigest);
  expect(new Set(digests).size).toBe(3);
  expect(floatDigest(Float32Array.of(9, 1, 0, Number.NaN, 4).subarray(1))).toBe(digests[0]);
});
