import { expect, test } from 'vitest';
import { encoderInputs, encoderInputTypes } from './encoder-inputs.js';
import { packedBatch } from './testing/packed-batch.js';

test('what every encoder is fed: rows of tokens, blocks of cells, one first row per sequence', () => {
  const sizes = Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [
    name,
    dtype,
    shape.join(),
  ]);
  expect(sizes).toEqual([
    ['input_ids', 'int64', 'tokens'],
    ['token_type_ids', 'int64', 'tokens'],
    ['position_ids', 'int64', 'tokens'],
    ['block_index', 'int64', 'batch,seq'],
    ['token_index', 'int64', 'tokens'],
    ['attention_mask', 'float32', 'batch,seq'],
    ['first_token', 'int64', 'batch'],
  ]);
});

test.each(['packed', 'padded'] as const)(
  'the tests’ own %s batch points from cells to rows and back',
  (mode) => {
    const { tokens, seq, cells, block_index, token_index, attention_mask, first_token } = packedBatch(
      [2, 4],
      { mode },
    );
    expect(tokens).toBe((mode === 'packed' ? 6 : 8) + 1);
    for (const [row, { sequence, t, real }] of cells.entries()) {
      const cell = sequence * seq + t;
      expect([Number(block_index[cell]), Number(token_index[row]), attention_mask[cell]]).toEqual([
        row,
        cell,
        Number(real),
      ]);
      if (t === 0) expect(Number(first_token[sequence])).toBe(row);
    }
    expect(Number(token_index[tokens - 1])).toBe(2);
  },
);

test('are declared under their names', () => {
  const { block_index, attention_mask } = encoderInputs();
  expect([block_index.shape, attention_mask.dtype]).toEqual([['batch', 'seq'], 'float32']);
  expect(Object.keys(encoderInputs())).toEqual(Object.keys(encoderInputTypes));
});
