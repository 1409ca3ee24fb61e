import { expect, test } from 'vitest';
import { formatDifference, formatReports } from './report-table.js';

test('a table of systems', () => {
  const cell = { mean: 0.5, low: 0.25, high: 1 };
  const metrics = { 'mrr@10': cell, map: cell };
  const rows = formatReports([
    ['before', metrics],
    ['a', metrics],
  ]);
  expect(rows.split('\n')).toEqual([
    '        mrr@10                map',
    'before  0.500 [0.250, 1.000]  0.500 [0.250, 1.000]',
    'a       0.500 [0.250, 1.000]  0.500 [0.250, 1.000]',
  ]);
});

test('differences with their sign', () => {
  const change = { difference: 0.5833, low: 0.5, high: 2 / 3 } as never;
  expect(formatDifference({ 'mrr@10': change })).toBe('mrr@10 +0.583 [0.500, 0.667]');
  const loss = { difference: -0.5, low: -1, high: 0 } as never;
  expect(formatDifference({ map: loss, 'mrr@10': change })).toBe(
    'map -0.500 [-1.000, 0.000], mrr@10 +0.583 [0.500, 0.667]',
  );
});
