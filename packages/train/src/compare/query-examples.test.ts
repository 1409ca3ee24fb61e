import { expect, test } from 'vitest';
import type { ComparedQuery } from './compared.js';
import { cutText, queryExamples } from './query-examples.js';

const queries: ComparedQuery[] = ['a', 'b', 'c', 'd'].map((id) => ({
  id,
  text: `text of ${id}`,
  facets: {},
}));
const found = queries.map(({ id }) => ({ rank: 2, top: `top of ${id}`, topIsRelevant: false }));
const before = { name: 'before', perQuery: { map: [0, 0.5, 0.5, 1] }, found };
const after = {
  name: 'after',
  perQuery: { map: [0.2, 0.5, 1, 0.1] },
  found: found.map(() => ({ topIsRelevant: false })),
};

test('the largest gains and losses, with what each system did', () => {
  const { improved, worsened } = queryExamples(queries, { before, after }, 'map', 10);
  expect(improved.map(({ id }) => id)).toEqual(['c', 'a']);
  expect(worsened).toEqual([
    {
      id: 'd',
      query: 'text of d',
      before: { value: 1, rank: 2, top: 'top of d', topIsRelevant: false },
      after: { value: 0.1, topIsRelevant: false },
    },
  ]);
  expect(queryExamples(queries, { before, after }, 'map', 1).improved).toHaveLength(1);
});

test('long texts are cut between characters', () => {
  expect(cutText('ab', 2)).toBe('ab');
  expect(cutText('abc', 2)).toBe('ab…');
  expect(cutText('a😀b', 2)).toBe('a…');
});
