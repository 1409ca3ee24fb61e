import { expect, it } from 'vitest';
import { bestRows } from './best-rows.js';

const naive = (scores: readonly number[], k: number) =>
  scores
    .map((score, row) => ({ row, score }))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, k);

it('keeps what sorting everything keeps, ties by row, for every capacity', () => {
  // 7 values over 60 rows: every cut goes through a tie somewhere.
  const scores = Array.from({ length: 60 }, (_, i) => ((i * i * 31 + 7 * i) % 53) % 7);
  for (let k = 1; k <= 61; k++) {
    const best = bestRows(k);
    for (const [row, score] of scores.entries()) best.offer(row, score);
    expect(best.sorted(), `k = ${k}`).toEqual(naive(scores, k));
  }
});

it('of equal scores the first rows stay', () => {
  const best = bestRows(2);
  for (let row = 0; row < 5; row++) best.offer(row, 1);
  expect(best.sorted().map(({ row }) => row)).toEqual([0, 1]);
});

it('an empty heap and one without room give nothing', () => {
  expect(bestRows(3).sorted()).toEqual([]);
  const none = bestRows(0);
  none.offer(0, 1);
  expect(none.sorted()).toEqual([]);
});
