import { loopback, single } from '@rag/runtime';
import { expect, test } from 'vitest';
import { ofAllRanks, partOfBatch, rankOf } from './rank-batch.js';

const batch = (count: number) => ({
  examples: Array.from({ length: count }, (_, i) => `row ${i}`),
  indices: Uint32Array.from({ length: count }, (_, i) => 10 + i),
  place: { epoch: 0, batch: 3 },
});

test('one process has the whole batch', () => {
  expect(rankOf(undefined)).toBeUndefined();
  expect(rankOf(single())).toBeUndefined();
  const whole = batch(3);
  expect(partOfBatch(whole, undefined)).toBe(whole);
  expect(ofAllRanks({ batchSize: 8 }, undefined)).toEqual({ batchSize: 8 });
});

test.each([
  [7, 3],
  [2, 3],
  [8, 2],
])('the parts of %i rows on %i ranks follow each other and differ by one row at most', (rows, ranks) => {
  const parts = loopback(ranks).map((collective) => partOfBatch(batch(rows), rankOf(collective)));
  expect(parts.flatMap(({ examples }) => examples)).toEqual(batch(rows).examples);
  expect(parts.flatMap(({ indices }) => [...indices])).toEqual([...batch(rows).indices]);
  const sizes = parts.map(({ examples }) => examples.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  for (const { place } of parts) expect(place).toEqual({ epoch: 0, batch: 3 });
});

test('a batch of all ranks has batch_size rows of each', () => {
  expect(ofAllRanks({ batchSize: 8, seed: 1 }, { rank: 1, ranks: 3 })).toEqual({ batchSize: 24, seed: 1 });
});
