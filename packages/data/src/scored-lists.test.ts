import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { openDataset } from './dataset.js';
import { parseEmbeddingRecord } from './embedding-record.js';
import { formatLabelSummary } from './labels.js';
import { scoredLists } from './scored-lists.js';

const at = { file: 'f', line: 1 };
const parse = (row: unknown) => parseEmbeddingRecord(row, at);
const scored = parse({ query: 'q', prompt_for_query: 'P:', pos: ['abcdefgh', '天'], scores: ['0.25', -2] });

test('one example per row with every passage and its score as written', () => {
  const maker = scoredLists();
  expect(maker.lengths(scored, 0)).toEqual([1 + 2 + 1]);
  expect(maker.make(scored, 0, 0, 3)).toEqual({
    at,
    query: 'P:q',
    contents: ['abcdefgh', '天'],
    scores: [0.25, -2],
  });
});

test('compat: one example per passage', () => {
  const maker = scoredLists({ compat: true });
  expect(maker.lengths(scored, 0)).toEqual([3, 2]);
  expect([0, 1].map((item) => maker.make(scored, 0, item, 0))).toEqual([
    { at, query: 'P:q', contents: ['abcdefgh'], scores: [0.25] },
    { at, query: 'P:q', contents: ['天'], scores: [-2] },
  ]);
});

test('a triplet with the scores of both sides serves, positives first', () => {
  const row = { query: 'q', pos: ['a'], neg: ['b', 'c'], pos_scores: [3], neg_scores: [2, 1] };
  expect(scoredLists().make(parse(row), 0, 0, 0)).toMatchObject({
    contents: ['a', 'b', 'c'],
    scores: [3, 2, 1],
  });
  expect(scoredLists({ compat: true }).lengths(parse(row), 0)).toHaveLength(3);
  const alone = parse({ query: 'q', pos: ['a'], neg: [], pos_scores: [3] });
  expect(scoredLists().make(alone, 0, 0, 0)).toMatchObject({ contents: ['a'], scores: [3] });
});

test('rows that lack a score are refused with their line', async () => {
  const good = '{"query": "q", "pos": ["p"], "scores": [1]}';
  const open = (row: object) =>
    openDataset([bytesSource('f.jsonl', `${good}\n${JSON.stringify(row)}`)], scoredLists());
  const expected = 'f.jsonl:2: expected a score of every passage, got';
  const remedy = '— score the row with a teacher';
  const sides = { query: 'q', pos: ['p'], neg: ['n'] };
  await expect(open({ query: 'q', pos: ['p'] })).rejects.toThrow(
    `${expected} a pair without "scores" ${remedy}`,
  );
  await expect(open({ query: 'q' })).rejects.toThrow(`${expected} a text alone ${remedy}`);
  for (const [row, names] of [
    [sides, '"pos_scores" and "neg_scores"'],
    [{ ...sides, pos_scores: [1] }, '"neg_scores"'],
    [{ ...sides, neg_scores: [1] }, '"pos_scores"'],
  ] as const) {
    await expect(open(row)).rejects.toThrow(`${expected} a triplet without ${names} ${remedy}`);
  }
});

test('the summary counts scored passages and bins their scores', async () => {
  const text =
    '{"query": "a", "pos": ["p", "q", "r"], "scores": [0.9, 0.1, 0.15]}\n' +
    '{"query": "b", "pos": ["p"], "neg": ["n"], "pos_scores": [1], "neg_scores": [0]}';
  const open = (lines: string) => openDataset([bytesSource('f', lines)], scoredLists());
  const mixed = formatLabelSummary((await open(text)).summary).split('\n');
  expect(mixed.slice(0, 3)).toEqual([
    '2 rows, 2 queries, 5 passages: 1 positive, 1 negative, 3 scored',
    'labels █▁▁▁▆',
    '  0 to 0.2: 3 (60.00%)',
  ]);
  const [only] = formatLabelSummary((await open(text.split('\n')[0]!)).summary).split('\n');
  expect(only).toBe('1 rows, 1 queries, 3 passages: 3 scored');
});
