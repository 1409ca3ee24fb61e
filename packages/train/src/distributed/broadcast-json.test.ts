import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import { broadcastJson } from './broadcast-json.js';

test('every rank has what rank 0 makes; the others make nothing', async () => {
  const made: number[] = [];
  const results = await Promise.all(
    loopback(3).map((collective) =>
      broadcastJson(collective, async () => {
        made.push(collective.rank);
        return { text: 'Größe 大', metrics: { map: 1 / 3 } };
      }),
    ),
  );
  expect(made).toEqual([0]);
  for (const result of results) expect(result).toEqual({ text: 'Größe 大', metrics: { map: 1 / 3 } });
});
