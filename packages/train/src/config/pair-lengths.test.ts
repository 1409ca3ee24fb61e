import { expect, test } from 'vitest';
import { pairLengths } from './pair-lengths.js';

const lengths = (queryMaxLen?: number, passageMaxLen?: number) =>
  pairLengths({ maxLen: 512, queryMaxLen, passageMaxLen });

test('one length of the pair, or two whose sum it is', () => {
  expect(lengths()).toEqual({ pair: 512 });
  expect(lengths(256, 256)).toEqual({ pair: 512, cuts: { query: 320, passage: 384 } });
  // 33 // 2 and 130 // 4, as Python divides.
  expect(lengths(33, 130)).toEqual({ pair: 163, cuts: { query: 65, passage: 146 } });
});

test('of two lengths the one that is not given is FlagEmbedding’s', () => {
  expect(lengths(64)).toEqual({ pair: 192, cuts: { query: 96, passage: 160 } });
  expect(lengths(undefined, 512)).toEqual({ pair: 544, cuts: { query: 160, passage: 528 } });
});
