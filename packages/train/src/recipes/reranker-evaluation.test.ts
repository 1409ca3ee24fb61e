import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { describeQueries, openJudgedQueries, rerankerEvaluator } from './reranker-evaluation.js';

const queries = ['moon', 'cat', 'rain'].map((query) => ({
  query,
  passages: ['something else', `about the ${query}`],
  relevance: [0, 1],
}));

/** A model that finds the query's word, or the opposite. */
const model = (sign: number) =>
  ({
    computeScore: async (pairs: readonly (readonly [string, string])[]) =>
      pairs.map(([query, passage]) => sign * Number(passage.includes(query))),
  }) as never;

test('before, epochs and after on the same queries, beside BM25 and chance', async () => {
  const evaluator = rerankerEvaluator({ queries, leftOut: 0, fingerprint: 'abc' }, { batchSize: 2 });
  expect((await evaluator.before(model(-1))).text).toMatch(/before +0\.500/);
  expect((await evaluator.epoch(model(0), 0)).text).toMatch(/epoch 1 +0\.750/);
  const { text, metrics } = await evaluator.after(model(1));
  expect(metrics['mrr@10']).toBe(1);
  for (const part of [/after +1\.000/, /BM25 +1\.000/, /chance +0\.750/, /after − before: mrr@10 \+0\.500/])
    expect(text).toMatch(part);
  expect(evaluator.result()).toMatchObject({
    queries: 3,
    before: { 'mrr@10': { mean: 0.5 } },
    after: { 'mrr@10': { mean: 1 } },
    difference: { 'mrr@10': { difference: 0.5 } },
    epochs: [{ epoch: 0, metrics: { 'mrr@10': { mean: 0.75 } } }],
  });
  const { systems, comparisons } = evaluator.comparison!()!;
  expect(systems.map(({ name }) => name)).toEqual(['before', 'after']);
  expect(comparisons[0]!.outcomes['mrr@10']).toEqual({ wins: 3, ties: 0, losses: 0 });
  expect(comparisons[0]!.improved[0]).toMatchObject({
    query: 'moon',
    before: { rank: 2, top: 'something else' },
    after: { rank: 1, top: 'about the moon' },
  });
});

test('the file is read and described before training; without one there is nothing', async () => {
  const rows = queries.map(({ query }) => ({ query, content: 'a', rating: 3 }));
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  const files = { openData: async (path: string) => bytesSource(path, text) } as never;
  const config = { minLabel: 0, maxLabel: 4, valLabelKey: 'rating', valDataset: ['v.jsonl'] };
  const said: string[] = [];
  const judged = await openJudgedQueries(files, config as never, (line) => said.push(line));
  expect(judged!.queries).toHaveLength(3);
  expect(said).toEqual(['v.jsonl: 3 queries, 3 passages']);
  expect(await openJudgedQueries(files, { valDataset: undefined } as never, () => {})).toBeUndefined();
  await expect(
    openJudgedQueries(files, { ...config, valDatasetType: 'grouped' } as never, () => {}),
  ).rejects.toThrow('val_dataset_type: expected grouped rows');
});

test('queries that were left out are counted', () => {
  expect(describeQueries({ queries, leftOut: 2 })).toBe(
    '3 queries, 6 passages; 2 more without a relevant passage left out',
  );
});
