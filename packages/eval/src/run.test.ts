import { expect, it } from 'vitest';
import { compareUtf8, runFromHits, trecOrder } from './run.js';

const hits = [
  { documents: Uint32Array.of(2, 0), scores: Float32Array.of(0.5, 0.25) },
  { documents: new Uint32Array(0), scores: new Float32Array(0) },
];

it('names hits', () => {
  expect(runFromHits(hits, ['x', 'y'], ['a', 'b', 'c'])).toEqual(
    new Map([
      [
        'x',
        new Map([
          ['c', 0.5],
          ['a', 0.25],
        ]),
      ],
      ['y', new Map()],
    ]),
  );
});

it('refuses missing and repeated names', () => {
  expect(() => runFromHits(hits, ['x'], ['a', 'b', 'c'])).toThrow(
    'expected 2 query ids (one per query), got 1',
  );
  expect(() => runFromHits(hits, ['x', 'x'], ['a', 'b', 'c'])).toThrow(
    'query id expected once, got "x" twice',
  );
  expect(() => runFromHits(hits, ['x', 'y'], ['a', 'b'])).toThrow('document 2 expected an id, got 2 ids');
  expect(() => runFromHits(hits, ['x', 'y'], ['a', 'b', 'a'])).toThrow(
    'document id expected once, got "a" twice',
  );
});

it('orders by score, then by descending id', () => {
  const documents = new Map([
    ['b', 1],
    ['d', 2],
    ['a', 1],
    ['c', Number.NEGATIVE_INFINITY],
    ['aa', 1],
  ]);
  expect(trecOrder(documents).map(([id]) => id)).toEqual(['d', 'b', 'aa', 'a', 'c']);
});

it('compares ids as strcmp compares their UTF-8', () => {
  const ids = ['', 'a', 'aa', 'Z', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '中'];
  for (const a of ids) {
    for (const b of ids) {
      expect(Math.sign(compareUtf8(a, b)), `${a} ${b}`).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }
  }
});
