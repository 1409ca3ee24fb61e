import { expect, test } from 'vitest';
import { readTracking } from './read-tracking.js';

const lines = (...entries: unknown[]) =>
  entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).join('\n');

test('series by name, the last of a step counts, NaN stays one', () => {
  const { series, outcome, name, unread } = readTracking(
    lines(
      { kind: 'run', name: 'first', config: { lr: 1 } },
      { kind: 'scalars', step: 4, values: { 'train/loss': 3 } },
      { kind: 'scalars', step: 2, values: { 'train/loss': 'NaN', 'eval/map': 0.5 } },
      { kind: 'end', outcome: 'interrupted' },
      { kind: 'run', name: 'again' },
      { kind: 'scalars', step: 4, values: { 'train/loss': 2 } },
      '{"kind":"scal',
    ),
  );
  expect([...series]).toEqual([
    [
      'train/loss',
      [
        [2, Number.NaN],
        [4, 2],
      ],
    ],
    ['eval/map', [[2, 0.5]]],
  ]);
  expect([outcome, name, unread]).toEqual([undefined, 'again', 1]);
});

test('a log of strangers', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`v${i}`, i]));
  const { series, unread } = readTracking(
    lines(
      'no',
      '[1]',
      { kind: 'scalars', step: 'x', values: {} },
      { kind: 'scalars', step: 1, values: many },
    ),
  );
  expect(series.size).toBe(200);
  expect(unread).toBe(2);
});
