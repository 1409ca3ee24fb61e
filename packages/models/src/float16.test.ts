import { describe, expect, test } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './float16.js';

const allCodes = Uint16Array.from({ length: 65536 }, (_, code) => code);

/** The value that IEEE 754 gives a code of this many exponent and mantissa bits, computed in float64. */
function meaning(code: number, exponentBits: number, mantissaBits: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (code & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}

const formats = [
  { name: 'float16', widen: float16ToFloat32, narrow: float32ToFloat16, exponent: 5, mantissa: 10 },
  { name: 'bfloat16', widen: bfloat16ToFloat32, narrow: float32ToBfloat16, exponent: 8, mantissa: 7 },
];

describe.each(formats)('$name', ({ widen, narrow, exponent, mantissa }) => {
  const infinity = (2 ** exponent - 1) << mantissa;

  test('every one of the 65,536 codes means what IEEE 754 says', () => {
    const values = widen(allCodes);
    const wrong = Array.from(allCodes).filter(
      (code) => !Object.is(values[code], meaning(code, exponent, mantissa)),
    );
    expect(wrong).toEqual([]);
  });

  test('every code survives the way to float32 and back, NaN payloads too', () => {
    expect(narrow(widen(allCodes))).toEqual(allCodes);
  });

  test('between any two neighbours: the nearer one, and the even one at the midpoint', () => {
    // float64 holds midpoints and their neighbourhood exactly; float32 does too, for both formats.
    const inputs: number[] = [];
    const expected: number[] = [];
    for (let code = 0; code < infinity; code++) {
      const low = meaning(code, exponent, mantissa);
      const high =
        code + 1 === infinity
          ? low + (low - meaning(code - 1, exponent, mantissa))
          : meaning(code + 1, exponent, mantissa);
      const middle = (low + high) / 2;
      const bit = (high - low) / 8;
      for (const [value, want] of [
        [middle - bit, code],
        [middle, code % 2 === 0 ? code : code + 1],
        [middle + bit, code + 1],
      ] as const) {
        inputs.push(value, -value);
        expected.push(want, want | 0x8000);
      }
    }
    expect(narrow(Float32Array.from(inputs))).toEqual(Uint16Array.from(expected));
  });

  test('a NaN whose payload lies in the dropped bits stays a NaN', () => {
    const nan = new Float32Array(new Uint32Array([0x7f800001, 0xff800001]).buffer);
    expect(Array.from(widen(narrow(nan)))).toEqual([Number.NaN, Number.NaN]);
  });
});

test('float16 ends: 65504 is the largest, 65520 rounds to infinity, half the smallest subnormal to zero', () => {
  const values = Float32Array.of(
    65504,
    65519.99,
    65520,
    1e10,
    2 ** -24,
    2 ** -25,
    1.0001 * 2 ** -25,
    -0,
    1e-45,
  );
  expect(Array.from(float32ToFloat16(values))).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00, 1, 0, 1, 0x8000, 0]);
});

test('a view that starts inside its buffer is read from its own start', () => {
  const whole = Float32Array.of(9, 1, 2);
  expect(Array.from(float32ToFloat16(whole.subarray(1)))).toEqual([0x3c00, 0x4000]);
  expect(Array.from(float32ToBfloat16(whole.subarray(1)))).toEqual([0x3f80, 0x4000]);
});
