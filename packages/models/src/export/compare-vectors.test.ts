import { expect, test } from 'vitest';
import { compareVectors, OVERLAP_TEXTS } from './compare-vectors.js';
import { describeLoss } from './export-refused-error.js';

const vectors = (...rows: number[][]) => rows.map((row) => Float32Array.from(row));
const original = vectors([1, 0], [0, 2], [1, 1], [-1, 0], [1, 0.2]);

test('cosines whatever the lengths, and the overlap of neighbours', () => {
  const doubled = original.map((vector) => vector.map((x) => 2 * x));
  const same = compareVectors(original, doubled);
  expect(same).toMatchObject({ count: 5, overlap: 1 });
  expect(same.cosine).toBeCloseTo(1, 12);
  expect(same.leastCosine).toBeCloseTo(1, 12);
  const turned = compareVectors(original, [...original.slice(0, 4), Float32Array.of(-0.2, 1)]);
  expect(turned.leastCosine).toBeCloseTo(0, 7);
  expect(turned.cosine).toBeCloseTo(0.8, 7);
  expect(turned.overlap).toBeLessThan(1);
});

test('a vector that holds no number is as far as can be', () => {
  const { cosine, leastCosine } = compareVectors(original, [
    ...original.slice(0, 4),
    Float32Array.of(Number.NaN, 0),
  ]);
  expect([cosine, leastCosine]).toEqual([Number.NaN, Number.NaN]);
});

test('refuses sets that say nothing', () => {
  expect(() => compareVectors(original.slice(2), original.slice(2))).toThrow('at least 4, got 3 and 3');
  expect(() => compareVectors(original, original.slice(1))).toThrow('got 5 and 4');
  expect(() => compareVectors(original, [...original.slice(0, 4), Float32Array.of(1)])).toThrow(
    'expected 2 elements for text 4, got 1',
  );
});

test('neighbours are looked at among the first thousand texts, cosines of all, and both are counted', () => {
  const count = OVERLAP_TEXTS + 200;
  const at = (i: number) => Float32Array.of(Math.cos(i / 500), Math.sin(i / 500));
  const many = Array.from({ length: count }, (_, i) => at(i));
  // The last ones are elsewhere, which only cosines see.
  const moved = many.map((vector, i) =>
    i < OVERLAP_TEXTS ? vector : Float32Array.of(vector[1]!, -vector[0]!),
  );
  const loss = compareVectors(many, moved);
  expect(loss).toMatchObject({ count, overlapCount: OVERLAP_TEXTS, overlap: 1 });
  expect(loss.cosine).toBeCloseTo(OVERLAP_TEXTS / count, 6);
  expect(loss.leastCosine).toBeCloseTo(0, 6);
  expect(describeLoss(loss)).toContain('overlap 1.0000 of the first 1000 of 1200');
});
