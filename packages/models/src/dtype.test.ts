import { describe, expect, test } from 'vitest';
import { type Dtype, elementCount, isDtype, toFloat32 } from './dtype.js';

const bytes = (array: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

test.each<[Dtype, ArrayBufferView<ArrayBuffer>, number[]]>([
  ['F32', Float32Array.of(1.5, -0), [1.5, -0]],
  ['F64', Float64Array.of(0.1, Infinity, Number.NaN), [Math.fround(0.1), Infinity, Number.NaN]],
  ['F16', Uint16Array.of(0x3c00, 0xfc00), [1, -Infinity]],
  ['BF16', Uint16Array.of(0x3f80, 0xff80), [1, -Infinity]],
  ['I64', BigInt64Array.of(-3n, 2n ** 40n), [-3, 2 ** 40]],
  ['U64', BigUint64Array.of(2n ** 63n), [2 ** 63]],
  ['I32', Int32Array.of(-(2 ** 31)), [-(2 ** 31)]],
  ['U32', Uint32Array.of(2 ** 31), [2 ** 31]],
  ['I16', Int16Array.of(-32768), [-32768]],
  ['U16', Uint16Array.of(65535), [65535]],
  ['I8', Int8Array.of(-128), [-128]],
  ['U8', Uint8Array.of(255), [255]],
  ['BOOL', Uint8Array.of(0, 1), [0, 1]],
])('%s becomes float32', (dtype, array, expected) => {
  expect(Array.from(toFloat32(bytes(array), dtype, 't'))).toEqual(expected);
});

test('bytes that start at an odd place of their buffer are read right', () => {
  const shifted = new Uint8Array(9);
  shifted.set(bytes(Float32Array.of(1, 2)), 1);
  expect(Array.from(toFloat32(shifted.subarray(1), 'F32', 't'))).toEqual([1, 2]);
});

describe('what float32 cannot hold is an error that names tensor, element and value', () => {
  test.each<[Dtype, ArrayBufferView<ArrayBuffer>, RegExp]>([
    ['I64', BigInt64Array.of(0n, 2n ** 24n + 1n), /t: .* got 16777217 at element 1/],
    ['I64', BigInt64Array.of(2n ** 62n + 1n), /got 4611686018427387905/],
    ['I32', Int32Array.of(2 ** 24 + 1), /got 16777217/],
    ['F64', Float64Array.of(1e300), /got 1e\+300/],
    ['F8_E4M3', Uint8Array.of(1), /t: expected a dtype that float32 can represent, got F8_E4M3/],
    ['C64', Float32Array.of(1, 2), /got C64/],
  ])('%s %#', (dtype, array, message) => {
    expect(() => toFloat32(bytes(array), dtype, 't')).toThrow(message);
  });
});

test('shapes and names', () => {
  expect([elementCount([]), elementCount([2, 3]), elementCount([2, 0])]).toEqual([1, 6, 0]);
  expect([isDtype('BF16'), isDtype('toString'), isDtype(1)]).toEqual([true, false, false]);
});
