import { expect, test } from 'vitest';
import { sliceQueries } from './slice-queries.js';

const named = (facets: Parameters<typeof sliceQueries>[0]) =>
  sliceQueries(facets).map(({ axis, name, queries }) => `${axis.split(',')[0]} ${name}: ${queries}`);

test('lengths give three bands of about as many queries', () => {
  expect(named([5, 1, 2, 9, 3, 4].map((queryLength) => ({ queryLength })))).toEqual([
    'query length up to 2: 1,2',
    'query length 3 to 4: 4,5',
    'query length above 4: 0,3',
  ]);
  expect(named([1, 2, 2, 3].map((queryLength) => ({ queryLength })))[1]).toBe('query length above 2: 3');
  expect(named([1, 1, 2, 2, 3, 3].map((queryLength) => ({ queryLength })))[1]).toBe('query length 2: 2,3');
});

test('equal lengths are never in different bands', () => {
  expect(named([7, 7, 7].map((queryLength) => ({ queryLength })))).toEqual(['query length up to 7: 0,1,2']);
});

test('ranks have fixed bands, what was not found among the last', () => {
  const ranks = [1, 2, 3, 40, 500, Number.POSITIVE_INFINITY];
  expect(
    sliceQueries(ranks.map((wordRank) => ({ wordRank }))).map(({ name, queries }) => [name, queries]),
  ).toEqual([
    ['1', [0]],
    ['2 to 3', [1, 2]],
    ['11 to 100', [3]],
    ['above 100', [4, 5]],
  ]);
});

test('scripts by how many; an axis that some queries lack is left out', () => {
  expect(
    named([{ queryScript: 'Latin', place: 1 }, { queryScript: 'Han', place: 2 }, { queryScript: 'Han' }]),
  ).toEqual(['script of the query Han: 1,2', 'script of the query Latin: 0']);
});
