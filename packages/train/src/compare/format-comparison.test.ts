import { expect, test } from 'vitest';
import { compareCandidates } from './compare-candidates.js';
import { formatComparison } from './format-comparison.js';

const queries = [
  { query: 'who\u001b[31m found\nit', passages: ['a', 'b'], relevance: [1, 0] },
  { query: '月亮', passages: ['面包', '天'], relevance: [0, 1] },
  { query: 'both', passages: ['x', 'y'], relevance: [1, 0] },
];
const system = (name: string, ...scores: number[][]) => ({ name, scores });
const compared = compareCandidates(
  queries,
  [system('base', [0, 1], [1, 0], [1, 0]), system('tuned', [1, 0], [1, 0], [1, 0])],
  ['mrr@10'],
  { resamples: 100 },
);
const lines = formatComparison(compared).split('\n');

test('means, differences, slices and examples, a line each', () => {
  expect(lines[1]).toMatch(/^base +0\.667 \[/);
  expect(lines).toContain(
    'differences by paired bootstrap over queries: 100 resamples, seed 42, 95 % intervals',
  );
  expect(lines.find((line) => line.startsWith('tuned − base'))).toMatch(
    /difference +p +P\(better\) +wins +ties +losses$/,
  );
  expect(lines.find((line) => /^mrr@10 +\+0\.167 /.test(line))).toMatch(/ 1 +2 +0$/);
  expect(lines.find((line) => line.startsWith('  Han'))).toMatch(
    /1 few +0\.500 → 0\.500 +\+0\.000 no interval$/,
  );
  expect(lines).toContain(
    'few: less than 30 queries; where nothing differs, one interval of twenty leaves 0 by chance',
  );
  expect(lines).toContain('    rank 2 → 1, mrr@10 0.500 → 1.000');
  expect(lines).toContain('    first before: b');
  expect(lines.at(-1)).toBe('worsened most: none');
});

test('texts of data cannot steer the terminal', () => {
  expect(lines).toContain('  who [31m found it');
  expect(lines.join('')).not.toContain('\u001b');
});
