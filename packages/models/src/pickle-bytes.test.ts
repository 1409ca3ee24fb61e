import { expect, test } from 'vitest';
import { MAX_PICKLE_BYTES, MAX_STRING_BYTES, PickleCutError, pickleBytes } from './pickle-bytes.js';

const reading = (...bytes: number[]) => pickleBytes(Uint8Array.from([9, ...bytes]), 1, 'p.bin');

test('numbers are little-endian, floats big-endian as pickle writes them', () => {
  expect(reading(7).uint8()).toBe(7);
  expect(reading(0x34, 0x12).uint16()).toBe(0x1234);
  expect(reading(0xfe, 0xff, 0xff, 0xff).int32()).toBe(-2);
  expect(reading(0xfe, 0xff, 0xff, 0xff).uint32()).toBe(0xfffffffe);
  expect(reading(0x3f, 0xf8, 0, 0, 0, 0, 0, 0).float64()).toBe(1.5);
  expect(reading(5, 0, 0, 0, 0, 0, 0, 0).length64()).toBe(5);
  expect(reading(0x00, 0xff).long(2)).toBe(-256);
  expect(reading().long(0)).toBe(0);
});

test('texts, and where reading stands', () => {
  const from = reading(0xe4, 0xb8, 0xad, 0x61, 0x0a, 0x62);
  expect([from.text(3), from.at, from.line(), from.at]).toEqual(['中', 4, 'a', 6]);
});

test.each([
  ['a byte', () => reading().uint8(), 'p.bin: pickle at byte 1: expected 1 more bytes, got 0'],
  ['four', () => reading(1, 2).uint32(), 'expected 4 more bytes, got 2'],
  ['a text', () => reading(0x61).text(2), 'expected 2 more bytes, got 1'],
  ['a line', () => reading(0x61).line(), 'expected a line, got 1'],
])('%s that the bytes do not hold', (_, read, message) => {
  expect(read).toThrow(PickleCutError);
  expect(read).toThrow(message);
});

test.each([
  [() => reading(0xff).text(1), 'expected UTF-8 text, got other bytes'],
  [() => reading().text(MAX_STRING_BYTES + 1), 'expected strings of at most 65536 bytes'],
  [
    () => reading(...new Array(MAX_STRING_BYTES + 2).fill(0x61)).line(),
    'expected lines of at most 65536 bytes',
  ],
  [() => reading(1, 2, 3, 4, 5, 6, 7, 8, 9).long(9), 'expected whole numbers of at most 8 bytes, got 9'],
  [() => reading(0, 0, 0, 0, 0, 0, 0, 0x7f).long(8), 'expected whole numbers below 2^53'],
  [() => reading(0, 0, 0, 0, 0, 0, 0, 0x7f).length64(), 'expected a length inside the pickle'],
  [
    () => pickleBytes(new Uint8Array(MAX_PICKLE_BYTES + 2), 1, 'p'),
    'expected at most 67108864 bytes, got 67108865',
  ],
])('what is too much: %#', (read, message) => {
  expect(read).toThrow(message);
  expect(read).not.toThrow(PickleCutError);
});
