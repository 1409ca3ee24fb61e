import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import { agreedSignal } from './agreed-signal.js';

test('a signal is aborted on every rank once all agreed, and on none before', async () => {
  const asked = [new AbortController(), new AbortController()];
  const ranks = loopback(2).map((collective, rank) =>
    agreedSignal(collective, asked[rank]!.signal, () => 'another one'),
  );
  const aborted = () => ranks.map(({ signal }) => signal.aborted);
  const agree = () => Promise.all(ranks.map((rank) => rank.agree()));
  await agree();
  expect(aborted()).toEqual([false, false]);
  asked[1]!.abort('this one');
  expect(aborted()).toEqual([false, false]);
  await agree();
  expect(aborted()).toEqual([true, true]);
  expect(ranks.map(({ signal }) => signal.reason)).toEqual(['another one', 'this one']);
  await agree();
});
