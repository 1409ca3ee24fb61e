import { describe, expect, test } from 'vitest';
import {
  type InBatchCandidateOptions,
  type InBatchExample,
  inBatchCandidates,
  inBatchGroups,
} from './in-batch-candidates.js';

const example = (query: string, positive: string, ...negatives: string[]) => ({ query, positive, negatives });
/** The mask as one string of columns per query. */
const masks = (examples: readonly InBatchExample[], options: InBatchCandidateOptions = {}) => {
  const { texts, mask } = inBatchCandidates(examples, options);
  return examples.map((_, row) => mask.slice(row * texts.length, (row + 1) * texts.length).join(''));
};

describe('candidates', () => {
  const triplets = [example('a', 'A', 'x', 'y'), example('b', 'B', 'z')];
  const pairs = [example('a', 'A'), example('b', 'B'), example('c', 'C')];

  test('are each positive and its negatives', () => {
    const { texts, target } = inBatchCandidates(triplets);
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

  test('of one example twice are those of one, and its own positive among its negatives is none', () => {
    const twice = [example('a', 'A', 'x'), example('a', 'A', 'x')];
    expect(masks(twice, { othersPositives: true })).toEqual(['1101', '0111']);
    expect(masks([example('a', 'A', 'A', 'x')])).toEqual(['101']);
    expect(masks([example('a', 'A', 'A', 'x')], { compat: true })).toEqual(['111']);
  });

  test('a negative that was drawn several times stands there as often', () => {
    expect(masks([example('a', 'A', 'x', 'x'), example('b', 'B', 'x')])).toEqual(['11101', '01111']);
  });

  test('of repeated examples are candidates of their own queries alone', () => {
    expect(masks(triplets, { repeated: 1 })).toEqual(['11100', '01111']);
    expect(masks(pairs, { repeated: 2 })).toEqual(['100', '110', '101']);
  });

  test('of no examples are none', () => {
    expect(inBatchCandidates([])).toEqual({ texts: [], target: [], mask: new Float32Array(0) });
  });
});

test('ownAlone compares a query with its own passages', () => {
  const rows = [example('a', 'A', 'x', 'y'), example('b', 'B', 'z'), example('c', 'C')];
  expect(masks(rows, { ownAlone: true })).toEqual(['111000', '000110', '000001']);
  expect(masks(rows, { ownAlone: true, othersPositives: true })).toEqual(['111000', '000110', '000001']);
});

describe('groups', () => {
  const rows = [
    { ...example('a', 'A', 'x', 'A'), scores: [3, 2, 1] },
    { ...example('b', 'B', 'z'), scores: [5, 4] },
  ];

  test('are the own passages with their scores', () => {
    const candidates = inBatchCandidates(rows);
    expect(inBatchGroups(rows, candidates)).toEqual({
      size: 3,
      index: [0, 1, 2, 3, 4, 0],
      // A negative that is the positive counts nothing.
      mask: Float32Array.of(1, 1, 0, 1, 1, 0),
      scores: Float32Array.of(3, 2, 1, 5, 4, 0),
    });
  });

  test('need a score of each passage', () => {
    const lacking = [rows[0]!, example('b', 'B', 'z')];
    expect(() => inBatchGroups(lacking, inBatchCandidates(lacking))).toThrow(
      'inBatchGroups: expected 2 scores for the passages of example 1, got none — make examples with their scores',
    );
  });
});
