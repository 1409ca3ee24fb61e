import { expect, test } from 'vitest';
import { DataError } from './data-error.js';
import { formatLabelSummary, recordLabels, sparkline, startLabelSummary, tallyLabels } from './labels.js';
import { parseRecord } from './record.js';

const at = { file: 'f.jsonl', line: 1 };
const record = (row: unknown) => parseRecord(row, at);

function summarize(...rows: unknown[]) {
  const summary = startLabelSummary();
  for (const row of rows) summary.add(tallyLabels(record(row)), [], at);
  return summary.summary();
}

test('labels come in the order of the passages, 1 and 0 where a side has no scores', () => {
  expect(recordLabels(record({ query: 'q', pos: ['a', 'b'], neg: ['c'], pos_scores: [0.5, 0.25] }))).toEqual([
    0.5, 0.25, 0,
  ]);
  expect(recordLabels(record({ query: 'q', pos: ['a'], neg: ['c'], neg_scores: [0.1] }))).toEqual([1, 0.1]);
  expect(recordLabels(record({ query: 'q', content: 'c', score: '0.3' }))).toEqual([0.3]);
});

test('rows, queries, passages, sides and shapes are counted', () => {
  const hits = [-1, -1, -3].map((label) => ({ content: 'c', label }));
  expect(
    summarize(
      { query: 'q', pos: ['a'], neg: ['b', 'c'] },
      { query: 'q', content: 'd', label: 1 },
      { query: 'r', hits },
    ),
  ).toMatchObject({
    rows: 3,
    queries: 2,
    passages: 7,
    positives: 4,
    negatives: 3,
    shapes: { lists: 1, labelled: 1, hits: 1 },
  });
});

test('labels within 0 and 1 are binned by fifths, the last bin closed', () => {
  const scores = [0, 0.19, 0.2, 0.59, 0.6, 0.99, 1];
  const { bins } = summarize({ query: 'q', pos: scores.map(() => 'a'), pos_scores: scores });
  expect(bins.map((bin) => bin.count)).toEqual([2, 1, 1, 1, 2]);
  expect([bins[0]!.from, bins[4]!.to]).toEqual([0, 1]);
});

test('other labels are binned over their own range, also when all are equal', () => {
  const graded = (labels: number[]) =>
    summarize({ query: 'q', hits: labels.map((label) => ({ content: 'c', label })) }).bins;
  expect(graded([-20, -11, -10, -1])).toMatchObject([
    { from: -20, count: 1 },
    { count: 0 },
    { count: 2 },
    { count: 0 },
    { to: -1, count: 1 },
  ]);
  expect(graded([5, 5])).toEqual([{ from: 5, to: 5, count: 2 }]);
});

test('what is left out or ignored is counted and printed', () => {
  const summary = startLabelSummary();
  summary.add(tallyLabels(record({ query: 'q', pos: ['a'], neg: ['b', 'c', 'd'] })), ['id'], at);
  const fault = (line: number) => {
    const error = new DataError('empty-query', { at: { file: 'f.jsonl', line }, expected: 'x', got: 'y' });
    return error as DataError & { fault: 'empty-query' };
  };
  summary.skip(fault(3));
  summary.skip(fault(8));
  expect(summary.summary()).toMatchObject({
    skipped: { 'empty-query': { count: 2, first: 'f.jsonl:3' } },
    ignoredKeys: { id: 1 },
  });
  expect(formatLabelSummary(summary.summary()).split('\n')).toEqual([
    '1 rows, 1 queries, 4 passages: 1 positive, 3 negative',
    'labels █▁▁▁▃',
    '  0 to 0.2: 3 (75.00%)',
    '  0.2 to 0.4: 0 (0.00%)',
    '  0.4 to 0.6: 0 (0.00%)',
    '  0.6 to 0.8: 0 (0.00%)',
    '  0.8 to 1: 1 (25.00%)',
    'skipped 2 rows: empty-query (first at f.jsonl:3)',
    'ignored key "id" in 1 rows',
  ]);
});

test('a sparkline has one bar per count', () => {
  expect(sparkline([0, 1, 2, 4, 8])).toBe('▁▁▂▄█');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([])).toBe('');
});
