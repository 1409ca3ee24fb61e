import { expect, it } from 'vitest';
import { batchByTokens } from './batches.js';

it('sorts longest first, cuts by cells and rows, and restores the order', () => {
  const lengths = [3, 9, 4, 9, 1, 1, 1];
  const { batches, restore } = batchByTokens(lengths, { maxTokens: 18, maxRows: 3 });
  expect(batches).toEqual([
    [1, 3],
    [2, 0, 4],
    [5, 6],
  ]);
  expect(restore(batches.map((rows) => rows.map((row) => lengths[row])))).toEqual(lengths);
});

it('gives a row above the budget its own batch, and no rows no batch', () => {
  expect(batchByTokens([5, 50], { maxTokens: 10, maxRows: 8 }).batches).toEqual([[1], [0]]);
  const none = batchByTokens([], { maxTokens: 10, maxRows: 8 });
  expect([none.batches, none.restore([])]).toEqual([[], []]);
});

it('refuses bad limits, lengths and results', () => {
  expect(() => batchByTokens([1], { maxTokens: 0, maxRows: 1 })).toThrow('limits of at least 1');
  expect(() => batchByTokens([1, Number.NaN], { maxTokens: 9, maxRows: 9 })).toThrow('row 1');
  const { restore } = batchByTokens([1, 1], { maxTokens: 9, maxRows: 9 });
  expect(() => restore([[0]])).toThrow('batch 0: expected 2 results, got 1');
  expect(() => restore([[0, 0], [1]])).toThrow('expected 2');
});
