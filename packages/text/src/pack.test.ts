import { describe, expect, it } from 'vitest';
import { exactLadder, sizeLadder } from './ladder.js';
import { packSequences } from './pack.js';
import type { EncodedIds } from './template.js';

const sequence = (...input_ids: number[]): EncodedIds => ({
  input_ids,
  token_type_ids: input_ids.map((id) => id % 2),
});
const numbers = (array: BigInt64Array) => Array.from(array, Number);

it('packs rows of real tokens and one filler', () => {
  const batch = packSequences([sequence(5, 6, 7), sequence(8)], {
    padId: 0,
    mode: 'packed',
    ladder: exactLadder,
  });
  expect(batch).toMatchObject({ batch: 2, seq: 3, tokens: 5, realTokens: 4 });
  expect(numbers(batch.input_ids)).toEqual([5, 6, 7, 8, 0]);
  expect(numbers(batch.token_type_ids)).toEqual([1, 0, 1, 0, 0]);
  expect(numbers(batch.position_ids)).toEqual([0, 1, 2, 0, 0]);
  expect(numbers(batch.block_index)).toEqual([0, 1, 2, 3, 4, 4]);
  expect(numbers(batch.token_index)).toEqual([0, 1, 2, 3, 4]);
  expect([...batch.attention_mask]).toEqual([1, 1, 1, 1, 0, 0]);
  expect(numbers(batch.first_token)).toEqual([0, 3]);
});

it.each(['packed', 'padded'] as const)(
  'has a padding cell for fillers where every sequence is equally long: %s',
  (mode) => {
    const full = [sequence(5, 6), sequence(7, 8)];
    const batch = packSequences(full, { padId: 9, mode, ladder: exactLadder });
    expect(batch.seq).toBe(3);
    expect(batch.attention_mask[Number(batch.token_index.at(-1))]).toBe(0);
    expect(packSequences([sequence(...Array(8).fill(1))], { padId: 9, mode }).seq).toBe(16);
  },
);

it('makes every cell a row in padded mode', () => {
  const batch = packSequences([sequence(5, 6, 7), sequence(8)], {
    padId: 1,
    mode: 'padded',
    ladder: exactLadder,
  });
  expect(batch).toMatchObject({ batch: 2, seq: 3, tokens: 7, realTokens: 4 });
  expect(numbers(batch.input_ids)).toEqual([5, 6, 7, 8, 1, 1, 1]);
  expect(numbers(batch.position_ids)).toEqual([0, 1, 2, 0, 0, 0, 0]);
  expect(numbers(batch.block_index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(numbers(batch.token_index)).toEqual([0, 1, 2, 3, 4, 5, 4]);
  expect(numbers(batch.first_token)).toEqual([0, 3]);
});

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe.each(['packed', 'padded'] as const)('any %s batch', (mode) => {
  const random = generator(20261121);
  const batches = Array.from({ length: 40 }, () =>
    Array.from({ length: 1 + Math.floor(random() * 9) }, () =>
      sequence(
        ...Array.from({ length: 1 + Math.floor(random() * 90) }, () => 1 + Math.floor(random() * 999)),
      ),
    ),
  );
  it('keeps every real token once, and the two indices are inverse', () => {
    for (const sequences of batches) {
      const packed = packSequences(sequences, { padId: 0, mode, ladder: sizeLadder({ maxSeq: 90 }) });
      const { batch, seq, tokens, block_index, token_index, attention_mask } = packed;
      const seen = new Set<number>();
      const flat = sequences.flatMap((each) => each.input_ids);
      const real: number[] = [];
      for (let cell = 0; cell < batch * seq; cell += 1) {
        const row = Number(block_index[cell]);
        const within = sequences[Math.floor(cell / seq)]!.input_ids.length > cell % seq;
        expect(attention_mask[cell]).toBe(within ? 1 : 0);
        if (within) {
          expect(seen.has(row)).toBe(false);
          seen.add(row);
          expect(Number(token_index[row])).toBe(cell);
          expect(Number(packed.position_ids[row])).toBe(cell % seq);
          real.push(Number(packed.input_ids[row]));
        } else if (mode === 'packed') expect(row).toBe(tokens - 1);
        else expect(Number(token_index[row])).toBe(cell);
      }
      expect(real).toEqual(flat);
      expect(packed.realTokens).toBe(flat.length);
      expect(packed.first_token).toHaveLength(sequences.length);
      sequences.forEach((each, i) => {
        expect(Number(packed.input_ids[Number(packed.first_token[i])])).toBe(each.input_ids[0]);
      });
    }
  });

  it('ends in a filler that points at padding where there is any', () => {
    for (const sequences of batches) {
      const packed = packSequences(sequences, { padId: 0, mode });
      const padding = packed.attention_mask.indexOf(0);
      for (
        let row = mode === 'packed' ? packed.realTokens : packed.tokens - 1;
        row < packed.tokens;
        row += 1
      ) {
        expect([packed.input_ids[row], packed.position_ids[row], packed.token_type_ids[row]]).toEqual([
          0n,
          0n,
          0n,
        ]);
        expect(Number(packed.token_index[row])).toBe(Math.max(0, padding));
      }
      expect(packed.tokens).toBeGreaterThan(
        mode === 'packed' ? packed.realTokens : packed.batch * packed.seq,
      );
    }
  });
});

it.each([
  [[], 'at least one sequence'],
  [[{ input_ids: [], token_type_ids: [] }], 'sequence 0'],
  [[{ input_ids: [1, 2], token_type_ids: [0] }], 'got 1 and 2'],
  [[sequence(1), { input_ids: [1.5], token_type_ids: [0] }], 'sequence 1 input_ids'],
  [[{ input_ids: [1], token_type_ids: [-1] }], 'sequence 0 token_type_ids'],
])('refuses %j', (sequences, message) => {
  expect(() => packSequences(sequences, { padId: 0, mode: 'packed' })).toThrow(message);
});

it('refuses a bad padId and a ladder that rounds down', () => {
  expect(() => packSequences([sequence(1)], { padId: Number.NaN, mode: 'packed' })).toThrow('padId');
  const ladder = { ...exactLadder, tokens: () => 1 };
  expect(() => packSequences([sequence(1)], { padId: 0, mode: 'packed', ladder })).toThrow('ladder.tokens');
});
