import { topK } from '@rag/eval';
import { expect, test } from 'vitest';
import { mergeHits, noHits } from './merge-hits.js';

/** Seeded scores with many ties. */
const scores = Array.from({ length: 200 }, (_, i) => ((i * 7919) % 37) / 37);

test.each([1, 7, 64, 200])('blocks of %i give what topK gives', async (size) => {
  for (const k of [1, 10, 300]) {
    let hits = noHits;
    for (let first = 0; first < scores.length; first += size)
      hits = mergeHits(hits, scores.slice(first, first + size), first, k);
    const [expected] = await topK({
      queries: Float32Array.of(1),
      documents: Float32Array.from(scores),
      dim: 1,
      k,
      similarity: 'dot',
    });
    expect(hits).toEqual(expected);
  }
});

test('documents that may not be found are not', () => {
  const hits = mergeHits(noHits, [3, 0, 2, 5], 10, 2, (document, score) => document !== 13 && score > 0);
  expect([...hits.documents]).toEqual([10, 12]);
  expect([...mergeHits(hits, [2, 2.5], 14, 2).documents]).toEqual([10, 15]);
});

test('a score that is none', () => {
  expect(() => mergeHits(noHits, [1, Number.NaN], 5, 2)).toThrow(
    "document 6: expected a finite score, got NaN — check the model's weights",
  );
});
