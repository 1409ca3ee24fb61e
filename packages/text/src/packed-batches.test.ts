import { expect, test } from 'vitest';
import { packedBatches } from './packed-batches.js';

const sequence = (length: number, first: number) => ({
  input_ids: Array.from({ length }, (_, i) => first + i),
  token_type_ids: new Array<number>(length).fill(0),
});
const sequences = [sequence(2, 10), sequence(5, 20), sequence(1, 30), sequence(5, 40)];
const options = { padId: 0, maxRows: 2, maxTokens: 100 };

test('every sequence is in one batch, neighbours in length together, the longest first', () => {
  const batches = [...packedBatches(sequences, options)];
  expect(batches.map(({ rows }) => rows)).toEqual([
    [1, 3],
    [0, 2],
  ]);
  expect(Array.from(batches[1]!.packed.input_ids.subarray(0, 3), Number)).toEqual([10, 11, 30]);
});

test('a batch has no more cells than allowed', () => {
  const rows = [...packedBatches(sequences, { ...options, maxTokens: 5 })].map((batch) => batch.rows);
  expect(rows).toEqual([[1], [3], [0, 2]]);
});

test('padded batches compute every cell', () => {
  const [first] = packedBatches([sequence(3, 1), sequence(1, 1)], { ...options, mode: 'padded' });
  expect(first!.packed.tokens).toBe(2 * first!.packed.seq + 1);
});

test('no sequences give no batch, wrong limits an error', () => {
  expect([...packedBatches([], options)]).toEqual([]);
  expect(() => [...packedBatches(sequences, { ...options, maxRows: 0 })]).toThrow('limits of at least 1');
});
