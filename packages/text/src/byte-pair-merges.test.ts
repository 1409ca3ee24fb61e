import { expect, it } from 'vitest';
import { MergeTable, NEVER, readMerges } from './byte-pair-merges.js';

it('finds every pair, and no other', () => {
  const count = 5000;
  const table = new MergeTable(count);
  const pair = (rank: number): [number, number] => [rank % 71, Math.floor(rank / 71) << 16];
  for (let rank = 0; rank < count; rank++) table.add(...pair(rank), rank, rank * 3);
  for (let rank = 0; rank < count; rank++) {
    expect(table.rankOf(...pair(rank))).toBe(rank);
    expect(table.mergedId(rank)).toBe(rank * 3);
    const [left, right] = pair(rank);
    expect(table.rankOf(left, right + 1)).toBe(NEVER);
  }
});

it('is empty at first', () => {
  expect(new MergeTable(0).rankOf(0, 0)).toBe(NEVER);
});

it('reads both spellings; a pair that comes twice has its last rank', () => {
  const ids = new Map(Object.entries({ a: 0, b: 1, ab: 2, '#b': 3 }));
  const table = readMerges(['a b', ['a', 'b']], ids, 0, 'm');
  expect([table.rankOf(0, 1), table.mergedId(1)]).toEqual([1, 2]);
  expect(readMerges([['a', '#b']], ids, 1, 'm').rankOf(0, 3)).toBe(0);
});
