import { expect, it } from 'vitest';
import { truncatePair } from './truncate.js';

it.each([
  ['fits', 3, 4, 7, { query: 3, passage: 4 }],
  ['cuts the passage', 3, 40, 7, { query: 3, passage: 4 }],
  ['keeps the query while the passage has one piece', 6, 40, 7, { query: 6, passage: 1 }],
  ['cuts a query that leaves no room to three quarters', 7, 40, 8, { query: 7, passage: 1 }],
  ['cuts a query that leaves no room to three quarters', 8, 40, 8, { query: 6, passage: 2 }],
  ['cuts a long query, the passage empty', 90, 0, 8, { query: 8, passage: 0 }],
  ['cuts a long query, the passage short', 90, 1, 8, { query: 7, passage: 1 }],
  ['works in the least room', 90, 90, 2, { query: 1, passage: 1 }],
])('%s: %i + %i into %i', (_, query, passage, room, expected) => {
  expect(truncatePair(query, passage, room)).toEqual(expected);
});

it('fills the room exactly whenever something is cut, and never grows a text', () => {
  for (let room = 2; room < 12; room += 1)
    for (let query = 0; query < 15; query += 1)
      for (let passage = 0; passage < 15; passage += 1) {
        const kept = truncatePair(query, passage, room);
        expect(kept.query + kept.passage).toBe(Math.min(room, query + passage));
        expect(kept.query <= query && kept.passage <= passage).toBe(true);
        if (passage > 0) expect(kept.passage).toBeGreaterThan(0);
      }
});
