import { expect, test } from 'vitest';
import { decodeUtf8, invalidUtf8Offset } from './utf8.js';

test('well-formed text of every length of sequence is accepted', () => {
  const text = 'aé中𠮷\u{10ffff}\uffff\u0000';
  const bytes = new TextEncoder().encode(text);
  expect(invalidUtf8Offset(bytes)).toBe(-1);
  expect(decodeUtf8(bytes)).toBe(text);
});

test.each([
  ['a lone continuation byte', [0x61, 0x80], 1],
  ['an overlong slash', [0xc0, 0xaf], 0],
  ['an overlong three-byte form', [0x61, 0x62, 0xe0, 0x9f, 0xbf], 2],
  ['an overlong four-byte form', [0xf0, 0x8f, 0xbf, 0xbf], 0],
  ['a surrogate', [0xed, 0xa0, 0x80], 0],
  ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 0],
  ['a sequence cut off', [0xe4, 0xb8, 0xad, 0xe4, 0xb8], 3],
  ['a broken tail', [0xe4, 0x41, 0xad], 0],
  ['0xff', [0x41, 0x42, 0xff], 2],
])('%s is found at its first byte', (_, bytes, invalidAt) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toEqual({ invalidAt });
});
