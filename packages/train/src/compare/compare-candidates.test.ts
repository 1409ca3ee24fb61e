import { expect, test } from 'vitest';
import { compareCandidates } from './compare-candidates.js';

const queries = [
  {
    query: 'who found penicillin',
    passages: ['Fleming found it', 'bread', 'penicillin'],
    relevance: [0, 0, 1],
  },
  { query: '月亮有多远', passages: ['月亮离地球三十八万公里', '面包'], relevance: [1, 0] },
];
const before = {
  name: 'base',
  scores: [
    [3, 2, 1],
    [1, 0],
  ],
};
const after = {
  name: 'tuned',
  scores: [
    [0, 1, 2],
    [0, 1],
  ],
};

test('lists of candidates: values, ranks, first passages and facets', () => {
  const { comparisons, systems, queries: count } = compareCandidates(queries, [before, after], ['mrr@10']);
  expect(count).toBe(2);
  expect(systems.map(({ name, metrics }) => [name, metrics['mrr@10']!.mean])).toEqual([
    ['base', expect.closeTo(2 / 3, 12)],
    ['tuned', 0.75],
  ]);
  const [{ improved, worsened, slices, outcomes }] = comparisons as [(typeof comparisons)[0]];
  expect(outcomes['mrr@10']).toEqual({ wins: 1, ties: 0, losses: 1 });
  expect(improved).toEqual([
    {
      id: '1',
      query: 'who found penicillin',
      relevant: 'penicillin',
      before: { value: expect.closeTo(1 / 3, 12), rank: 3, top: 'Fleming found it', topIsRelevant: false },
      after: { value: 1, rank: 1, top: 'penicillin', topIsRelevant: true },
    },
  ]);
  expect(worsened[0]).toMatchObject({ id: '2', before: { rank: 1 }, after: { rank: 2, top: '面包' } });
  expect(slices.map(({ axis, name }) => `${axis.split(' ')[0]}: ${name}`)).toContain('script: Han');
  expect(slices.filter(({ axis }) => axis.startsWith('place')).map(({ name }) => name)).toEqual([
    '1',
    '2 to 3',
  ]);
});

test('lists that begin with what is relevant have no places; equal scores stand halfway', () => {
  const first = [queries[1]!, { query: 'bread', passages: ['bread', 'moon', 'sun'], relevance: [1, 0, 0] }];
  const same = {
    name: 'same',
    scores: [
      [1, 1],
      [2, 2, 2],
    ],
  };
  const { comparisons } = compareCandidates(
    first,
    [
      same,
      {
        name: 'good',
        scores: [
          [1, 0],
          [1, 0, 0],
        ],
      },
    ],
    ['map'],
  );
  expect(comparisons[0]!.slices.some(({ axis }) => axis.startsWith('place'))).toBe(false);
  expect(comparisons[0]!.improved.map(({ before: { rank } }) => rank)).toEqual([2, 1.5]);
});
