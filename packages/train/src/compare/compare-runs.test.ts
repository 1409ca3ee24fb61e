import { evaluateRetrieval } from '@rag/eval';
import { expect, test } from 'vitest';
import { compareRuns, firstsOf, noTexts, shownDocuments } from './compare-runs.js';

const qrels = new Map([
  [
    'q1',
    new Map([
      ['d0', 0],
      ['d1', 1],
    ]),
  ],
  ['q2', new Map([['d2', 2]])],
]);
const judged = (name: string, found: Record<string, Record<string, number>>) => {
  const run = new Map(Object.entries(found).map(([id, scores]) => [id, new Map(Object.entries(scores))]));
  return { name, firsts: firstsOf(run, qrels), run, evaluation: evaluateRetrieval(run, qrels, ['mrr@10']) };
};
const base = judged('base', { q1: { d0: 2, d1: 1 }, q2: { d2: 1 } });
const tuned = judged('tuned', { q1: { d0: 1, d1: 2 } });

test('runs with texts: ranks, first documents, what was not found', () => {
  const texts = { query: (id: string) => `text of ${id}`, document: (id: string) => `text of ${id}` };
  const { comparisons } = compareRuns([base, tuned], qrels, texts, { words: base.firsts });
  const [{ improved, worsened, slices }] = comparisons as [(typeof comparisons)[0]];
  expect(improved).toEqual([
    {
      id: 'q1',
      query: 'text of q1',
      relevant: 'text of d1',
      before: { value: 0.5, rank: 2, top: 'text of d0', topIsRelevant: false },
      after: { value: 1, rank: 1, top: 'text of d1', topIsRelevant: true },
    },
  ]);
  expect(worsened).toMatchObject([{ id: 'q2', after: { value: 0, topIsRelevant: false } }]);
  expect(worsened[0]!.after).not.toHaveProperty('rank');
  expect(slices.filter(({ axis }) => axis.startsWith('rank')).map(({ name }) => name)).toEqual([
    '1',
    '2 to 3',
  ]);
  expect([...shownDocuments([base, tuned], qrels)]).toEqual(['d1', 'd0', 'd2']);
});

test('without texts there are ids and no slices', () => {
  const { comparisons } = compareRuns([base, tuned], qrels, noTexts);
  expect(comparisons[0]!.slices).toEqual([]);
  expect(comparisons[0]!.improved[0]).toMatchObject({ id: 'q1', relevant: 'd1', before: { top: 'd0' } });
});

test('runs of other queries are refused', () => {
  const other = {
    ...tuned,
    evaluation: evaluateRetrieval(tuned.run, new Map([...qrels].slice(0, 1)), ['mrr@10']),
  };
  expect(() => compareRuns([base, other], qrels, noTexts)).toThrow(
    'expected all systems on the same queries',
  );
});
