import { describe, expect, it } from 'vitest';
import { evaluateRanking } from './evaluate-ranking.js';
import type { MetricName } from './metric.js';
import { metricNamed } from './metric.js';
import { seededRandom } from './random.js';
import { rank, rankInOrder, rankTied } from './ranking.js';

const METRICS: MetricName[] = [
  ...(['mrr', 'mrr@1', 'mrr@3', 'map', 'map@2', 'map@3', 'ndcg', 'ndcg@1', 'ndcg@3'] as const),
  ...([
    'ndcg-exponential@4',
    'recall@1',
    'recall@3',
    'precision@2',
    'precision@9',
    'hit-rate@1',
    'hit-rate@4',
  ] as const),
];

/** Every order of the items: n! of them. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    orders([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('rank', () => {
  it('groups equal scores, best first, with the missing judgements in the ideal order only', () => {
    const ranking = rank({ scores: [0.5, 2, 0.5, -1], relevance: [0, 1, 3, 0], missing: [2, 0] });
    expect(ranking.groups).toEqual([
      { start: 0, size: 1, relevant: 1, grades: [1] },
      { start: 1, size: 2, relevant: 1, grades: [0, 3] },
      { start: 3, size: 1, relevant: 0, grades: [0] },
    ]);
    expect(ranking.relevant).toBe(3);
    expect(ranking.ideal).toEqual([3, 2, 1, 0, 0, 0]);
  });

  it('takes infinite scores and typed arrays, and reads negative grades as not relevant', () => {
    const ranking = rank({
      scores: new Float32Array([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]),
      relevance: new Int8Array([1, -2]),
    });
    expect(ranking.groups.map((group) => group.grades)).toEqual([[0], [1]]);
  });

  it('says what is wrong with its input', () => {
    expect(() => rank({ scores: [1, 2], relevance: [1] }, 'q7')).toThrow(
      'q7: expected 2 relevance grades (one per score), got 1',
    );
    expect(() => rank({ scores: [], relevance: [] })).toThrow(
      'query: expected at least one candidate, got none',
    );
    expect(() => rank({ scores: [1, Number.NaN], relevance: [1, 0] })).toThrow(
      'scores[1] expected a number, got NaN',
    );
    expect(() => rank({ scores: [1], relevance: [Number.NaN] })).toThrow(
      'relevance[0] expected a finite grade, got NaN',
    );
    expect(() => rank({ scores: [1], relevance: [1], missing: [Number.POSITIVE_INFINITY] })).toThrow(
      'missing[0] expected a finite grade, got Infinity',
    );
  });
});

describe('ties', () => {
  const grades = [0, 2, 0, 1, 0, 3];

  it.each(METRICS)('%s of an all-tied ranking is its mean over all 720 orders', (name) => {
    const metric = metricNamed(name);
    const all = orders(grades).map((order) => metric(rankInOrder(order, [1])));
    expect(metric(rankTied(grades, [1]))).toBeCloseTo(
      all.reduce((sum, value) => sum + value, 0) / all.length,
      12,
    );
  });

  it.each(METRICS)(
    '%s with ties in the middle and at the end is its mean over the orders inside the groups',
    (name) => {
      const metric = metricNamed(name);
      const above = [0, 0];
      const middle = [0, 1, 0, 2];
      const below = [3, 0];
      const all = orders(middle).flatMap((m) =>
        orders(below).map((b) => metric(rankInOrder([...above, ...m, ...b]))),
      );
      const tied = rank({ scores: [9, 8, 5, 5, 5, 5, 1, 1], relevance: [...above, ...middle, ...below] });
      expect(metric(tied)).toBeCloseTo(all.reduce((sum, value) => sum + value, 0) / all.length, 12);
    },
  );

  it('gives constant scores the same value wherever the positives are listed', () => {
    const random = seededRandom(1);
    const scores = Array.from({ length: 12 }, () => 0.5);
    const first = evaluateRanking(
      [{ scores, relevance: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
      METRICS,
    ).means;
    for (let trial = 0; trial < 20; trial++) {
      const relevance = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0].map((grade) => ({ grade, place: random() }));
      relevance.sort((a, b) => a.place - b.place);
      const shuffled = evaluateRanking(
        [{ scores, relevance: relevance.map(({ grade }) => grade) }],
        METRICS,
      ).means;
      expect(shuffled).toEqual(first);
    }
    expect(first.mrr).toBeLessThan(0.5);
  });
});
