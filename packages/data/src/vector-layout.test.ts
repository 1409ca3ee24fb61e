import { expect, test } from 'vitest';
import { bytesPerElement, checkShape, checkSize, maxWidth } from './vector-layout.js';

test('shapes within bounds pass, others name the bound', () => {
  expect(() => checkShape('f', 1, maxWidth)).not.toThrow();
  expect(() => checkShape('f', 0, 3)).toThrow('f: expected at least one row and at most 2^53 - 1, got 0');
  expect(() => checkShape('f', 2 ** 53, 3)).toThrow('got 9007199254740992');
  expect(() => checkShape('f', 1, maxWidth + 1)).toThrow(
    'f: expected a width from 1 to 1048576, got 1048577',
  );
  expect(() => checkShape('f', 1, 0)).toThrow('got 0');
});

test('a file cut short and one with something behind', () => {
  expect(() => checkSize('f', 8, 8, 'x')).not.toThrow();
  expect(() => checkSize('f', 7, 8, '2 rows of 1 float32')).toThrow(
    'f: expected 8 bytes for 2 rows of 1 float32, got 7 — the file was cut short',
  );
  expect(() => checkSize('f', 9, 8, 'x')).toThrow('f: expected 8 bytes for x, got 9 — write it again');
});

test('element sizes', () => {
  expect([bytesPerElement('float32'), bytesPerElement('float16')]).toEqual([4, 2]);
});
