import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import { ranksOnHost } from './ranks-on-host.js';

test('counts the ranks whose host has the same name', async () => {
  const hosts = ['node-1', 'node-10', 'node-1', 'n'.repeat(200)];
  const counts = loopback(4).map((collective, rank) => ranksOnHost(collective, hosts[rank]!));
  expect(await Promise.all(counts)).toEqual([2, 1, 2, 1]);
});
