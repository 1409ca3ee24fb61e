import { expect, test } from 'vitest';
import { countScores, formatMineReport, histogram, type MineReport } from './mine-report.js';

test('scores are counted between the ends, which are in', () => {
  const tally: Record<string, number> = {};
  countScores(tally, 'guard_x', [-1, -0.81, -0.79, 0, 0.99, 1, 5, -7], { from: -1, to: 1 });
  expect(histogram(tally, ['guard_x'], { from: -1, to: 1 }).counts).toEqual({
    x: [3, 1, 0, 0, 0, 1, 0, 0, 0, 3],
  });
  const one: Record<string, number> = {};
  countScores(one, 'x', [2, 2], { from: 2, to: 2 });
  expect(one).toEqual({ 'x.0': 2 });
});

const report: MineReport = {
  rows: 1200,
  written: 1190,
  passages: { candidates: 5000, repeated: 12, blank: 1 },
  candidates: 240_000,
  excluded: { own: 1, others: 2, query: 3 },
  dropped: { max_score: 0, guard_margin: 17 },
  guarded: 18_017,
  byNegatives: new Map([
    [0, 10],
    [15, 1190],
  ]),
  short: { rows: 10, leftOut: 10 },
  replaced: 4,
  scores: {
    from: 0.1,
    to: 0.9,
    counts: { positives: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1500], negatives: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
  },
};

test('the report as a person reads it', () => {
  expect(formatMineReport(report).split('\n')).toEqual([
    '  rows        1,200, 1,190 written',
    '  passages    5,000 distinct to find negatives in, 12 repeated, 1 blank ones left out',
    '  excluded    1 positive of the row, 2 of other rows with its query, 3 that are the query',
    '  candidates  240,000 of the ranks asked for',
    '  dropped by  max_score 0, guard_margin 17',
    '  negatives   15 in 1,190 rows, 0 in 10 rows',
    '  too few     in 10 rows, 10 of them left out by --least_negatives',
    '  replaced    4 negatives that rows had before',
    '  score                 positives   negatives',
    '  0.100 to 0.180                0           1',
    '  0.820 to 0.900            1,500           0',
  ]);
  expect(formatMineReport({ ...report, short: { rows: 10, leftOut: 0 } })).toContain(
    '  note        an empty "neg" in 10 rows stops',
  );
  const guardScores = { from: 0, to: 1, counts: { candidates: [0, 2, 0, 0, 0, 0, 0, 0, 0, 0] } };
  const guarded = formatMineReport({
    ...report,
    dropped: {},
    byNegatives: new Map(),
    short: { rows: 0, leftOut: 0 },
    guardScores,
  });
  expect(guarded).toContain('of the ranks asked for; the guard read 18,017');
  expect(guarded).toContain('dropped by  no rule was asked');
  expect(guarded).toContain('too few     in no row');
  expect(guarded).toContain("guard's, 0 to 1      candidates\n  0.10 to 0.20                  2");
});
