import { expect, test } from 'vitest';
import { DataError, formatPosition, isRowError } from './data-error.js';

const at = { file: 'rows.jsonl', line: 17 };

test('the message says where, what was expected, what came and what to do', () => {
  const cause = new Error('below');
  const error = new DataError('nan', { at, expected: 'a number', got: 'NaN', remedy: 'drop it', cause });
  expect(error.message).toBe('rows.jsonl:17: expected a number, got NaN — drop it');
  expect(error).toMatchObject({ name: 'DataError', fault: 'nan', at, cause });
});

test('without a remedy or a cause neither is mentioned', () => {
  const error = new DataError('nan', { at: { file: 'a' }, expected: 'x', got: 'y' });
  expect(error.message).toBe('a: expected x, got y');
  expect(Object.hasOwn(error, 'cause')).toBe(false);
});

test('a position reads file:line:column', () => {
  expect(formatPosition({ ...at, column: 3 })).toBe('rows.jsonl:17:3');
});

test('faults of a row are told from faults of a file', () => {
  const parts = { at, expected: 'x', got: 'y' };
  expect(isRowError(new DataError('empty-query', parts))).toBe(true);
  expect(isRowError(new DataError('long-line', parts))).toBe(false);
  expect(isRowError(new Error('other'))).toBe(false);
});
