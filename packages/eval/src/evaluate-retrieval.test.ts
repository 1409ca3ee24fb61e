import { describe, expect, it } from 'vitest';
import { evaluateRetrieval, type RetrievalOptions } from './evaluate-retrieval.js';
import golden from './fixtures/trec-eval-runs.json' with { type: 'json' };
import { parseQrels } from './formats/trec-qrels.js';
import { parseRun } from './formats/trec-run.js';
import type { MetricName } from './metric.js';

type Documents = Record<string, number>;
const named = (queries: Record<string, Documents>) =>
  new Map(Object.entries(queries).map(([id, documents]) => [id, new Map(Object.entries(documents))]));

describe('the genuine trec_eval', () => {
  const modes: Record<keyof typeof golden.modes, RetrievalOptions> = {
    plain: { withoutResults: 'leave-out', withoutRelevant: 'zero' },
    complete: { withoutResults: 'zero', withoutRelevant: 'zero' },
    judged: { withoutResults: 'zero', withoutRelevant: 'zero', unjudged: 'leave-out' },
  };

  it.each(Object.entries(modes))('%s: every query and every mean', async (mode, options) => {
    const { run } = await parseRun(golden.run);
    const qrels = await parseQrels(golden.qrels);
    const values: Record<string, Record<string, number>> = golden.modes[mode as keyof typeof golden.modes];
    const metrics = Object.keys(values) as MetricName[];
    const evaluation = evaluateRetrieval(run, qrels, metrics, options);
    expect(metrics).toHaveLength(10);
    for (const metric of metrics) {
      const { all, ...queries } = values[metric]!;
      expect([...evaluation.queryIds].sort()).toEqual(Object.keys(queries).sort());
      // trec_eval prints four digits.
      for (const [i, id] of evaluation.queryIds.entries()) {
        const difference = Math.abs(evaluation.perQuery[metric]![i]! - queries[id]!);
        expect(difference, `${metric} of ${id}`).toBeLessThan(0.000_051);
      }
      expect(Math.abs(evaluation.means[metric]! - all!), metric).toBeLessThan(0.000_051);
    }
    expect(evaluation.unjudgedQueries).toEqual(['q6']);
    expect([...evaluation.withoutResults].sort()).toEqual(['q11', 'q2']);
    expect([...evaluation.withoutRelevant].sort()).toEqual(['q4', 'q9']);
  });
});

const qrels = named({ q1: { a: 1, b: 0 }, q2: { a: 2, c: 1 }, q3: { a: 0 }, q4: { a: 1 } });
const run = named({ q9: { a: 1 }, q1: { x: 3, a: 2 }, q2: { a: 1 }, q3: { a: 1 } });

it('lists what it left out, and counts a query without results as 0 by default', () => {
  const evaluation = evaluateRetrieval(run, qrels, ['mrr@10', 'recall@10']);
  expect(evaluation).toEqual({
    queryIds: ['q1', 'q2', 'q4'],
    perQuery: { 'mrr@10': [0.5, 1, 0], 'recall@10': [1, 0.5, 0] },
    means: { 'mrr@10': 0.5, 'recall@10': 0.5 },
    unjudgedQueries: ['q9'],
    withoutResults: ['q4'],
    withoutRelevant: ['q3'],
  });
  const { queryIds } = evaluateRetrieval(run, qrels, ['map'], {
    withoutResults: 'leave-out',
    withoutRelevant: 'zero',
  });
  expect(queryIds).toEqual(['q1', 'q2', 'q3']);
  // A query with an empty list of documents has no results either.
  const empty = evaluateRetrieval(new Map([...run, ['q4', new Map()]]), qrels, ['map']);
  expect(empty.withoutResults).toEqual(['q4']);
});

it('breaks ties by descending id, or takes the mean over their orders', () => {
  const tied = named({ q1: { b: 1, a: 1, c: 1 } });
  const judged = named({ q1: { a: 1 } });
  expect(evaluateRetrieval(tied, judged, ['mrr', 'recall@1']).means).toEqual({ mrr: 1 / 3, 'recall@1': 0 });
  const expected = evaluateRetrieval(tied, judged, ['mrr', 'recall@1'], { ties: 'expected' }).means;
  expect(expected.mrr).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 15);
  expect(expected['recall@1']).toBeCloseTo(1 / 3, 15);
});

it('drops the document named like the query, only when asked', () => {
  const own = named({ q1: { q1: 9, a: 2 } });
  const judged = named({ q1: { a: 1 } });
  expect(evaluateRetrieval(own, judged, ['mrr']).means.mrr).toBe(0.5);
  expect(evaluateRetrieval(own, judged, ['mrr'], { leaveOutSameId: true }).means.mrr).toBe(1);
  const alone = named({ q1: { q1: 9 } });
  for (const ties of ['expected', 'trec_eval'] as const) {
    expect(evaluateRetrieval(alone, judged, ['mrr'], { leaveOutSameId: true, ties }).means.mrr).toBe(0);
  }
});

it('reads grades ≤ 0 as not relevant', () => {
  const judged = named({ q1: { a: -2, b: 1 } });
  const { means } = evaluateRetrieval(named({ q1: { a: 2, b: 1 } }), judged, ['mrr', 'ndcg@2']);
  expect(means.mrr).toBe(0.5);
  expect(means['ndcg@2']).toBeCloseTo(1 / Math.log2(3), 15);
});

it('refuses what cannot be ranked or averaged', () => {
  expect(() => evaluateRetrieval(named({ q1: { a: Number.NaN } }), qrels, ['map'])).toThrow(
    'query "q1": document "a" expected a score, got NaN',
  );
  expect(() => evaluateRetrieval(run, named({ q1: { a: Number.POSITIVE_INFINITY } }), ['map'])).toThrow(
    'query "q1": document "a" expected a finite grade, got Infinity',
  );
  expect(() => evaluateRetrieval(named({ q3: { a: 1 } }), named({ q3: { a: 0 } }), ['map'])).toThrow(
    'got 1 judged queries, 0 without results and 1 without a relevant document',
  );
  expect(() =>
    evaluateRetrieval(named({ Q1: { a: 1 } }), named({ q1: { a: 1 } }), ['map'], {
      withoutResults: 'leave-out',
    }),
  ).toThrow('1 without results');
  expect(() => evaluateRetrieval(run, qrels, ['recall'])).toThrow('expected a cut-off');
});
