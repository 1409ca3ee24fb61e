import { describe, expect, test } from 'vitest';
import { type CandidateOptions, candidatesOf } from './candidates.js';

const example = (query: string, positive: string, ...negatives: string[]) => ({ query, positive, negatives });
/** The mask as one string of columns per query. */
const masks = (
  examples: Parameters<typeof candidatesOf>[0],
  { repeated = 0, ...options }: CandidateOptions & { repeated?: number } = {},
) => {
  const { texts, mask } = candidatesOf(examples, repeated, options);
  return examples.map((_, row) => mask.slice(row * texts.length, (row + 1) * texts.length).join(''));
};

describe('candidates', () => {
  const triplets = [example('a', 'A', 'x', 'y'), example('b', 'B', 'z')];
  const pairs = [example('a', 'A'), example('b', 'B'), example('c', 'C')];

  test('are each positive and its negatives', () => {
    const { texts, target } = candidatesOf(triplets, 0, {});
    expect(texts).toEqual(['A', 'x', 'y', 'B', 'z']);
    expect(target).toEqual([0, 3]);
  });

  test('of triplets are the own positive and all negatives, or everything', () => {
    expect(masks(triplets)).toEqual(['11101', '01111']);
    expect(masks(triplets, { othersPositives: true })).toEqual(['11111', '11111']);
  });

  test('of pairs are all positives, or none but the own', () => {
    expect(masks(pairs)).toEqual(['111', '111', '111']);
    expect(masks(pairs, { othersPositives: false })).toEqual(['100', '010', '001']);
  });

  test('of a pair among triplets are all', () => {
    expect(masks([example('a', 'A', 'x'), example('b', 'B')])).toEqual(['110', '111']);
  });

  test('never push a positive of the same query away, but in compat', () => {
    const equal = [example('a', 'A', 'x'), example('a', 'B', 'A'), example('c', 'C', 'B')];
    // A x B A C B
    expect(masks(equal)).toEqual(['110000', '011000', '010111']);
    expect(masks(equal, { compat: true })).toEqual(['110101', '011101', '010111']);
    const same = [example('a', 'A'), example('b', 'A')];
    expect(masks(same)).toEqual(['10', '01']);
    expect(masks(same, { compat: true })).toEqual(['11', '11']);
  });

  test('of repeated examples are candidates of their own queries alone', () => {
    expect(masks(triplets, { repeated: 1 })).toEqual(['11100', '01111']);
    expect(masks(pairs, { repeated: 2 })).toEqual(['100', '110', '101']);
  });
});
