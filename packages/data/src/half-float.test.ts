import { expect, test } from 'vitest';
import { narrowHalf, widenHalf } from './half-float.js';

test('every finite code comes back as itself', () => {
  const codes = Uint16Array.from({ length: 2 ** 16 }, (_, code) => code).filter(
    (c) => (c & 0x7c00) !== 0x7c00,
  );
  expect(codes.length).toBe(2 * 31 * 1024);
  expect(narrowHalf(widenHalf(codes))).toEqual(codes);
});

test('known values (IEEE 754 binary16)', () => {
  const codes = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x3555, 0x7c00);
  const values = [1, -2, 65504, 2 ** -14, 2 ** -24, -0, 0.333251953125, Number.POSITIVE_INFINITY];
  expect([...widenHalf(codes)]).toEqual(values);
});

test('rounds to nearest, ties to even, across the subnormal border and up to infinity', () => {
  const floats = Float32Array.of(
    ...[
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      2 ** -25,
      3 * 2 ** -25,
      2 ** -14 - 2 ** -26,
      65519,
      65520,
      -1e30,
      1e-30,
    ],
  );
  expect([...narrowHalf(floats)]).toEqual([0x3c00, 0x3c02, 0, 2, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0]);
});
