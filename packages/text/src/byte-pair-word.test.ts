import { expect, it } from 'vitest';
import { MergeTable, NEVER } from './byte-pair-merges.js';
import { createMergeWord } from './byte-pair-word.js';

/** The definition: the leftmost pair of lowest rank, until none is left. */
function byDefinition(table: MergeTable, symbols: number[]): number[] {
  for (;;) {
    const ranks = symbols.slice(1).map((right, i) => table.rankOf(symbols[i]!, right));
    const lowest = Math.min(NEVER, ...ranks);
    if (lowest === NEVER) return symbols;
    symbols.splice(ranks.indexOf(lowest), 2, table.mergedId(lowest));
  }
}

/** Every pair of 8 ids merges, by a rank that looks random, to an id that merges on; the odd ranks are left out. */
function denseTable(seed: number): MergeTable {
  const table = new MergeTable(64);
  for (let pair = 0; pair < 64; pair++) {
    const rank = (pair * 37 + seed * 11) % 64;
    if (rank % 3 > 0) table.add(pair >> 3, pair & 7, rank, (pair * 5 + seed) % 9);
  }
  return table;
}

it('merges words of any length as the definition says', () => {
  for (let seed = 0; seed < 40; seed++) {
    const table = denseTable(seed);
    const mergeWord = createMergeWord(table);
    for (const size of [0, 1, 2, 3, 10, 95, 96, 97, 98, 300]) {
      const word = Array.from({ length: size }, (_, i) => (Math.imul(i + seed, 0x9e3779b1) >>> 7) % 9);
      const symbols = Int32Array.from(word);
      const left = mergeWord(symbols, size);
      expect([...symbols.subarray(0, left)], `seed ${seed}, size ${size}`).toEqual(byDefinition(table, word));
    }
  }
});

it('merges a word of a million symbols', () => {
  const table = new MergeTable(20);
  for (let rank = 0; rank < 20; rank++) table.add(rank, rank, rank, rank + 1);
  const mergeWord = createMergeWord(table);
  const symbols = new Int32Array(2 ** 20 + 3);
  expect(mergeWord(symbols, symbols.length)).toBe(3);
  expect([...symbols.subarray(0, 3)]).toEqual([20, 1, 0]);
  expect(mergeWord(symbols.fill(0, 0, 200), 200)).toBe(3);
  expect([...symbols.subarray(0, 3)]).toEqual([7, 6, 3]);
});
