import { expect, it } from 'vitest';
import { bestHits } from './best-hits.js';
import { seededRandom } from './random.js';

it('keeps what a full sort would put first, earlier documents before later ones of the same score', () => {
  const random = seededRandom(3);
  for (const k of [1, 2, 3, 7, 20, 64]) {
    for (let trial = 0; trial < 20; trial++) {
      const scores = Array.from({ length: 40 }, () => Math.floor(random() * 9) / 8);
      const best = bestHits(2, k);
      for (const [document, score] of scores.entries()) best.offer(1, document, score);
      const sorted = scores.map((score, document) => ({ score, document }));
      sorted.sort((a, b) => b.score - a.score || a.document - b.document);
      const { documents, scores: kept } = best.hits(1);
      expect([...documents]).toEqual(sorted.slice(0, k).map(({ document }) => document));
      expect([...kept]).toEqual(sorted.slice(0, k).map(({ score }) => score));
      expect(best.hits(0).documents).toHaveLength(0);
    }
  }
});

it('has a floor once it is full', () => {
  const best = bestHits(1, 2);
  expect(best.floor(0)).toBeNaN();
  expect(best.offer(0, 0, 5)).toBeNaN();
  expect(best.offer(0, 1, 7)).toBe(5);
  expect(best.offer(0, 2, 5)).toBe(5);
  expect(best.offer(0, 3, 6)).toBe(6);
  expect([...best.hits(0).documents]).toEqual([1, 3]);
});
