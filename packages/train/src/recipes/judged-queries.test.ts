import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { readJudgedQueries } from './judged-queries.js';

const source = (...rows: unknown[]) =>
  bytesSource('val.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
const read = (rows: unknown[], options = {}) => readJudgedQueries([source(...rows)], options);
const other = { query: 'z', pos: ['p'], neg: ['n'] };

test('positives and negatives, whatever their scores', async () => {
  const { queries } = await read([
    { query: 'q', pos: ['a', 'b'], neg: ['c'], pos_scores: [0.1, 0.9], neg_scores: [0.8] },
    other,
  ]);
  expect(queries[0]).toEqual({ query: 'q', passages: ['a', 'b', 'c'], relevance: [1, 1, 0] });
});

test('pairs of one query are ranked together, relevant above half of the range', async () => {
  const rows = [
    { query: 'q', content: 'a', label: 4 },
    { query: 'z', content: 'b', label: 5 },
    { query: 'q', content: 'c', label: 2 },
  ];
  const { queries } = await read(rows, { labelRange: { min: 0, max: 5 } });
  expect(queries).toEqual([
    { query: 'q', passages: ['a', 'c'], relevance: [1, 0] },
    { query: 'z', passages: ['b'], relevance: [1] },
  ]);
});

test('hits keep their grades; where none is above 0 the top label alone is relevant', async () => {
  const hits = (...labels: number[]) => labels.map((label, i) => ({ content: `p${i}`, label }));
  const { queries } = await read([
    { query: 'graded', hits: hits(0, 3, 1) },
    { query: 'ranks', hits: hits(-2, -1, -3) },
  ]);
  expect(queries.map(({ relevance }) => relevance)).toEqual([
    [0, 3, 1],
    [0, 1, 0],
  ]);
});

test('queries without a relevant passage are counted and left out', async () => {
  const blank = { query: 'none', content: 'a', label: 0 };
  const { queries, leftOut, summary } = await read([other, blank, { ...other, query: 'y' }]);
  expect([queries.map(({ query }) => query), leftOut, summary.rows]).toEqual([['z', 'y'], 1, 3]);
});

test('too few queries to say anything are an error before training', async () => {
  await expect(read([other, { query: 'none', content: 'a', label: 0 }])).rejects.toThrow(
    'val.jsonl: expected at least 2 queries with a relevant passage, got 1 of 2 — add some, or check the labels',
  );
});
