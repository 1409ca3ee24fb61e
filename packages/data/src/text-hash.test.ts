import { expect, test } from 'vitest';
import { formatTextHash, textHash } from './text-hash.js';

/** FNV-1a as its definition reads. */
function plain(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}

// Test vectors that the authors of FNV publish.
test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('FNV-1a of %j is the published value', (text, hash) => {
  expect(formatTextHash(textHash(text))).toBe(hash);
});

test('agrees with the definition on every byte, long texts and other scripts', () => {
  const texts = [
    '什么是向量检索？',
    '\u0000\u007f\u0080\u07ff\uffff😀',
    ' a',
    'a ',
    'é',
    'e\u0301',
    'x'.repeat(5000),
  ];
  for (const text of texts) expect(textHash(text)).toBe(plain(text));
  expect(new Set(texts.map(textHash)).size).toBe(texts.length);
});

test('small hashes keep their leading zeros', () => {
  expect(formatTextHash(0xabcn)).toBe('0000000000000abc');
});
