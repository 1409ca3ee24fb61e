import { afterEach, expect, it, vi } from 'vitest';
import { printFound, printQuality } from './quality-table.js';
import { scoresUnder, tableLine } from './testing/run-example.js';

afterEach(() => vi.restoreAllMocks());

it('prints systems with means and intervals, and a query with its passages', () => {
  const printed: unknown[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(console, 'table').mockImplementation((table) => void printed.push(table));
  const mean = { mean: 0.5, low: 0.25, high: 0.75 };
  printQuality('2 queries', { ours: { 'mrr@10': mean, 'ndcg@10': { ...mean, mean: 1 } } });
  printFound('why', [
    { score: 0.456, text: 'a'.repeat(200) },
    { score: -1, text: 'b' },
  ]);
  expect(printed).toEqual([
    '\n2 queries; 95 % intervals',
    { ours: { 'MRR@10': '0.500 [0.250, 0.750]', 'nDCG@10': '1.000 [0.250, 0.750]' } },
    '\nwhy',
    `    0.46  ${'a'.repeat(100)}…`,
    '   -1.00  b…',
  ]);
  expect(scoresUnder('why', printed.join('\n'))).toEqual([0.46, -1]);
  expect("│ ours │ '0.500 [0.250, 0.750]' │ '1.000 [0.250, 0.750]' │").toMatch(tableLine('ours'));
  expect("│ ours │ '0.500 [0.250, 0.750]' │ 'NaN' │").not.toMatch(tableLine('ours'));
});
