import { describe, expect, it } from 'vitest';
import { compareScores } from './compare-scores.js';

describe('compareScores', () => {
  it('gives differences and the rank correlation, ties sharing their rank', () => {
    expect(compareScores([1, 2, 3, 4], [1, 2, 3, 4.5])).toEqual({
      count: 4,
      max: 0.5,
      mean: 0.125,
      spearman: 1,
    });
    expect(compareScores([1, 2, 3], [3, 2, 1]).spearman).toBe(-1);
    // Ranks 0, 1, 2, 3 against 0.5, 0.5, 2, 3.
    expect(compareScores([1, 2, 3, 4], [1, 1, 3, 4]).spearman).toBeCloseTo(4.5 / Math.sqrt(5 * 4.5), 12);
    expect(compareScores([1, 2, 3], [5, 5, 5]).spearman).toBe(0);
  });

  it('refuses lists that say nothing', () => {
    expect(() => compareScores([1, 2], [1, 2])).toThrow(RangeError);
    expect(() => compareScores([1, 2, 3], [1, 2])).toThrow('got 3 and 2');
  });

  it('overlap of the best within each query', () => {
    const queries = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c'];
    const original = [4, 3, 2, 1, 3, 2, 1, 9];
    expect(compareScores(original, original, queries).overlap).toBe(1);
    // Of the best two of "a" one stays; the best of "b" stays; "c" has one passage.
    expect(compareScores(original, [4, 1, 2, 3, 3, 1, 2, 0], queries).overlap).toBe(0.75);
    expect(compareScores([1, 2, 3], [1, 2, 3], ['a', 'b', 'c'])).not.toHaveProperty('overlap');
  });
});
