import { expect, test } from 'vitest';
import { htmlText } from './html.js';
import { lineChart } from './line-chart.js';

const svg = (points: [number, number][]) => htmlText(lineChart('loss', [{ name: 'loss', points }]));

test('a line over updates, told to those who do not see it', () => {
  const text = svg([
    [1, 0.7],
    [2, 0.5],
    [4, 0.3],
  ]);
  expect(text).toContain('aria-label="loss over update: from 0.7 to 0.3, least 0.3, most 0.7"');
  const [, points] = /points="([^"]*)"/.exec(text)!;
  const [first, middle, last] = points!.split(' ').map((point) => point.split(',').map(Number));
  // Lower losses stand lower; the second of updates 1, 2 and 4 stands at a third.
  expect(first![1]).toBeLessThan(middle![1]!);
  expect(middle![1]).toBeLessThan(last![1]!);
  expect((middle![0]! - first![0]!) / (last![0]! - first![0]!)).toBeCloseTo(1 / 3, 2);
});

test('values that are not finite break the line; a lonely point is a dot', () => {
  const text = svg([
    [1, 1],
    [2, 2],
    [3, Number.NaN],
    [4, 3],
    [5, Number.POSITIVE_INFINITY],
  ]);
  expect(text.match(/<polyline/g)).toHaveLength(1);
  expect(text.match(/<circle/g)).toHaveLength(1);
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(svg([[1, Number.NaN]])).toContain('no finite values');
});

test('long runs give a bounded drawing', () => {
  const text = svg(Array.from({ length: 100_000 }, (_, i) => [i, Math.sin(i / 1e4)]));
  expect(text.length).toBeLessThan(12_000);
});

test('equal values have a place', () => {
  expect(
    svg([
      [1, 0.5],
      [2, 0.5],
    ]),
  ).not.toMatch(/NaN|Infinity/);
  expect(svg([[1, 0]])).not.toMatch(/NaN|Infinity/);
});
