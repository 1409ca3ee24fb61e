import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { debertaBucket, mpnetBucket } from './relative-buckets.js';

interface Golden {
  reach: number;
  /** Buckets of the distances −reach, …, reach. */
  mpnet: number[];
  deberta: { buckets: number; farthest: number; of: number[] }[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL('../fixtures/relative-buckets.json', import.meta.url), 'utf8'),
);
const distances = golden.mpnet.map((_, i) => i - golden.reach);

it('MPNet’s are those of transformers at every distance', () => {
  expect(distances.map(mpnetBucket)).toEqual(golden.mpnet);
});

it.each(golden.deberta)('DeBERTa’s too: $buckets buckets up to $farthest', ({ buckets, farthest, of }) => {
  expect(distances.map((distance) => debertaBucket(distance, buckets, farthest))).toEqual(of);
});
