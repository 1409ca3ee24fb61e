import { describe, expect, it } from 'vitest';
import { bm25 } from './bm25.js';

const corpus = ['the cat sat', 'the dog sat on the mat', 'cats and dogs'];

describe('bm25', () => {
  it('equals the formula worked by hand', () => {
    // Lengths 3, 6, 3; mean 4. "cat" is in 1 of 3 passages, "sat" in 2.
    const idf = (df: number) => Math.log(1 + (3 - df + 0.5) / (df + 0.5));
    const weight = (tf: number, length: number) => tf / (tf + 1.2 * (0.25 + (0.75 * length) / 4));
    const [first, second, third] = bm25(corpus).scores('cat sat');
    expect(first).toBeCloseTo(idf(1) * weight(1, 3) + idf(2) * weight(1, 3), 12);
    expect(second).toBeCloseTo(idf(2) * weight(1, 6), 12);
    expect(third).toBe(0);
    expect(bm25(corpus).scores('the')[1]).toBeCloseTo(idf(2) * weight(2, 6), 12);
  });

  it('scores a passage of the corpus the same both ways, and one from outside by the corpus statistics', () => {
    const index = bm25(corpus);
    const scores = index.scores('the dog sat');
    for (const [i, passage] of corpus.entries())
      expect(index.score('the dog sat', passage)).toBeCloseTo(scores[i]!, 12);
    expect(index.score('dog', 'a dog')).toBeGreaterThan(
      index.score('dog', 'a dog among a great many other things'),
    );
    expect(index.score('unicorn', 'unicorn')).toBe(0);
  });

  it('counts a repeated query term each time, and k1 = 0 ignores frequency and length', () => {
    const index = bm25(corpus);
    expect(index.score('cat cat', 'the cat sat')).toBeCloseTo(2 * index.score('cat', 'the cat sat'), 12);
    const flat = bm25(corpus, { k1: 0 });
    expect(flat.score('the', 'the')).toBeCloseTo(flat.score('the', 'the the the cat sat'), 12);
  });

  it('finds Chinese passages by shared characters', () => {
    const index = bm25(['月球引起潮汐', '面包需要酵母', '火车在铁轨上行驶']);
    const scores = index.scores('潮汐是怎么形成的');
    expect(scores[0]).toBeGreaterThan(0);
    expect(scores[1]).toBe(0);
  });

  it('refuses empty corpora and settings out of range', () => {
    expect(() => bm25([])).toThrow('bm25: expected a corpus with terms, got 0 passages without any');
    expect(() => bm25(['…'])).toThrow('got 1 passages without any');
    expect(() => bm25(corpus, { k1: -1 })).toThrow('k1 expected a number ≥ 0, got -1');
    expect(() => bm25(corpus, { b: 2 })).toThrow('b expected a number from 0 to 1, got 2');
  });
});
