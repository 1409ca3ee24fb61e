import { expect, test } from 'vitest';
import { compareSystems } from './compare-systems.js';
import type { ComparedQuery, ComparedSystem } from './compared.js';

const count = 40;
const queries: ComparedQuery[] = Array.from({ length: count }, (_, i) => ({
  id: `q${i}`,
  facets: { queryLength: i, queryScript: i === 0 ? 'Han' : 'Latin' },
}));
const system = (name: string, scoreOf: (i: number) => number): ComparedSystem => ({
  name,
  perQuery: { 'mrr@10': queries.map((_, i) => scoreOf(i)), 'ndcg@10': queries.map((_, i) => scoreOf(i) / 2) },
  found: queries.map(() => ({ topIsRelevant: false })),
});
const base = system('base', (i) => (i % 2 === 0 ? 0.2 : 0.8));
const better = system('better', (i) => (i % 4 === 0 ? 1 : i % 2 === 0 ? 0.2 : 0.7));

test('every later system beside the first', () => {
  const { systems, comparisons, judgedBy } = compareSystems(queries, [base, better, base], {
    resamples: 500,
  });
  expect(judgedBy).toBe('ndcg@10');
  expect(systems.map(({ metrics }) => metrics['mrr@10']!.mean)).toEqual([
    expect.closeTo(0.5, 12),
    expect.closeTo(0.65, 12),
    expect.closeTo(0.5, 12),
  ]);
  const [gain, none] = comparisons;
  expect(gain!.difference['mrr@10']!.difference).toBeCloseTo(0.15, 12);
  expect(gain!.outcomes['mrr@10']).toEqual({ wins: 10, ties: 10, losses: 20 });
  // Half of a difference of 0.8, of −0.1 and of 0.
  const buckets = Object.fromEntries([...gain!.distribution.entries()].filter(([, queries]) => queries > 0));
  expect(buckets).toEqual({ 9: 20, 10: 10, 14: 10 });
  expect(none!.difference['mrr@10']).toMatchObject({
    difference: 0,
    low: 0,
    high: 0,
    pValue: 1,
    superiority: 0.5,
  });
  expect([none!.improved, none!.worsened]).toEqual([[], []]);
});

test('slices: all queries in each axis, few ones marked, one without an interval', () => {
  const { slices } = compareSystems(queries, [base, better], { resamples: 500 }).comparisons[0]!;
  const lengths = slices.filter(({ axis }) => axis.startsWith('query length'));
  expect(lengths.map(({ queries: many, isSmall }) => [many, isSmall])).toEqual([
    [14, true],
    [13, true],
    [13, true],
  ]);
  const [latin, han] = slices.filter(({ axis }) => axis === 'script of the query');
  expect(latin).toMatchObject({ name: 'Latin', queries: 39, isSmall: false });
  expect(latin!.interval!.low).toBeLessThan(latin!.difference);
  expect(han).toMatchObject({ name: 'Han', queries: 1, isSmall: true, before: 0.1, after: 0.5 });
  expect(han).not.toHaveProperty('interval');
});

test('the same seed gives the same numbers', () => {
  const compare = (seed: number) => compareSystems(queries, [base, better], { seed, resamples: 200 });
  expect(compare(1)).toEqual(compare(1));
  expect(compare(1).comparisons[0]!.difference).not.toEqual(compare(2).comparisons[0]!.difference);
});

test('one system is no comparison', () => {
  expect(() => compareSystems(queries, [base])).toThrow('compareSystems: expected at least 2 systems, got 1');
});
