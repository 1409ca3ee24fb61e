import { expect, test } from 'vitest';
import { benchmarkPage } from '../report/benchmark-page.js';
import { benchmarkLines } from './benchmark-result.js';
import { formatBenchmarks } from './format-benchmarks.js';

const results = [
  {
    name: 'fiqa',
    kind: 'retrieval',
    queries: 2,
    documents: 9,
    perQuery: [{ 'ndcg@10': [0, 1] }, { 'ndcg@10': [1, 1] }],
  },
  { name: 'ask', kind: 'reranking', queries: 2, perQuery: [{ map: [0.5, 0.5] }, { map: [0.5, 0.5] }] },
  {
    name: 'scidocs',
    kind: 'retrieval',
    queries: 1,
    documents: 8,
    perQuery: [{ 'ndcg@10': [0.2] }, { 'ndcg@10': [0.2] }],
  },
] as const;

test('kinds have averages in which every benchmark counts once', () => {
  const lines = benchmarkLines(results, { resamples: 200 });
  expect(
    lines.map(({ name, kind, queries, metrics, differences }) => [
      name,
      kind,
      queries,
      Object.values(metrics[1]!)[0]!.mean,
      differences[0]!.mean,
    ]),
  ).toEqual([
    ['fiqa', 'retrieval', 2, 1, 0.5],
    ['scidocs', 'retrieval', 1, 0.2, 0],
    ['average of 2', 'retrieval', 3, 0.6, 0.25],
    ['ask', 'reranking', 2, 0.5, 0],
    ['average of 1', 'reranking', 2, 0.5, 0],
  ]);
  const text = formatBenchmarks(lines, ['base', 'tuned']).split('\n');
  expect(text[0]).toMatch(/^retrieval +model +queries +ndcg@10 +ndcg@10 − base$/);
  expect(text[2]).toMatch(/^ +tuned +1\.0000 \[1\.000, 1\.000\] +\+0\.500 \[0\.000, 1\.000\]$/);
  expect(text[5]).toMatch(/^average of 2 +base +3 +0\.3500/);
  expect(text[8]).toMatch(/^reranking +model +queries +map/);
  expect(
    formatBenchmarks(benchmarkLines([{ ...results[1], perQuery: [results[1].perQuery[0]] }]), ['one']),
  ).not.toContain('−');
});

test('their page: escaped, with averages and a drawing per kind', () => {
  const named = results.map((result) => ({ ...result, name: `<script>${result.name}` }));
  const facts = { models: ['base', '<script>tuned'], folder: '<script>', notes: ['<script>'], version: '0' };
  const text = benchmarkPage(benchmarkLines(named, { resamples: 200 }), facts);
  expect(text).not.toContain('<script');
  expect(text).toContain('<strong>average of 2</strong>');
  expect(text.match(/<svg/g)).toHaveLength(2);
  expect(text).not.toMatch(/undefined|NaN/);
});
