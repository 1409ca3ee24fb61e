import { describe, expect, test } from 'vitest';
import type { TokenSequence } from '../text-encoder.js';
import { passageRows, queryRows } from './token-rows.js';

const sequence = (scored: number[], attention = scored.map(() => 1)): TokenSequence => ({
  input_ids: scored.map(() => 5),
  token_type_ids: scored.map(() => 0),
  attention,
  scored,
});

describe('a query', () => {
  const query = sequence([0, 1, 1, 0, 1]);
  test('has the rows of its unmasked tokens, each counting its share', () => {
    expect(queryRows(query, 10, { divide: true, compat: false })).toEqual({
      rows: [11, 12, 14],
      weight: 1 / 3,
    });
    expect(queryRows(query, 10, { divide: false, compat: false }).weight).toBe(1);
  });

  test('compat divides by all tokens after the first', () => {
    expect(queryRows(query, 10, { divide: true, compat: true })).toEqual({
      rows: [11, 12, 14],
      weight: 1 / 4,
    });
    expect(queryRows(query, 10, { divide: false, compat: true }).weight).toBe(1);
  });

  test('without unmasked tokens counts nothing', () => {
    expect(queryRows(sequence([0, 0]), 3, { divide: true, compat: false })).toEqual({ rows: [], weight: 1 });
  });
});

describe('a passage', () => {
  const options = { zeroRow: 99, length: 4 };
  test('has the rows of its unmasked tokens', () => {
    expect(passageRows(sequence([0, 1, 1]), 20, { ...options, compat: false })).toEqual([21, 22]);
  });

  test('compat: has a zero row where the original pads it or masks a token after the first', () => {
    expect(passageRows(sequence([0, 1, 1]), 20, { ...options, compat: true })).toEqual([21, 22, 99]);
    expect(passageRows(sequence([0, 1, 0, 1]), 20, { ...options, compat: true })).toEqual([21, 23, 99]);
    expect(passageRows(sequence([0, 1, 1, 1]), 20, { ...options, compat: true })).toEqual([21, 22, 23]);
  });

  test('without unmasked tokens is one zero row', () => {
    expect(passageRows(sequence([0, 0]), 20, { ...options, compat: false })).toEqual([99]);
  });
});
