import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import { inParts } from './in-parts.js';

test.each([1, 2, 3, 4])('%i ranks compute each row once, and all have all, in order', async (size) => {
  const computed: number[] = [];
  const rows = await Promise.all(
    loopback(size).map((collective) =>
      inParts(collective, [5, 6, 7], async (part) => {
        computed.push(...part);
        return part.map((item) => [item, 1 / item]);
      }),
    ),
  );
  expect(computed.sort()).toEqual([5, 6, 7]);
  for (const all of rows)
    expect(all.map((row) => [...row])).toEqual([5, 6, 7].map((item) => [item, 1 / item]));
});

test('no items are no rows', async () => {
  const none = async () => {
    throw new Error('expected nothing to be computed');
  };
  expect(await Promise.all(loopback(2).map((collective) => inParts(collective, [], none)))).toEqual([[], []]);
});
