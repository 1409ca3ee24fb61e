import { expect, test } from 'vitest';
import { crc32, crc32c } from './checksum.js';

// The check values of both polynomials: of the text "123456789" (RFC 3720, RFC 1952; Williams' "check").
test('check values, whole and in parts', () => {
  const text = new TextEncoder().encode('123456789');
  expect(crc32c(text)).toBe(0xe3069283);
  expect(crc32(text)).toBe(0xcbf43926);
  expect(crc32c(text.subarray(0, 4), text.subarray(4))).toBe(0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeros.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});
