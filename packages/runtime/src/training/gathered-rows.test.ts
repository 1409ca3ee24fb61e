import { expect, test } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { Tensor } from '../tensor.js';
import { gatherRows, scatterRows } from './gathered-rows.js';

const rows = (count: number, from: number, width = 2) =>
  new Tensor(
    'float32',
    [count, width],
    Float32Array.from({ length: count * width }, (_, i) => from + i),
  );

test('rows of all ranks stand rank by rank, and their gradients come back summed; a rank may have none', async () => {
  const own = [rows(2, 0), undefined, rows(1, 100)];
  const results = await Promise.all(
    loopback(3).map(async (collective) => {
      const { rank } = collective;
      const mine = own[rank];
      const gathered = await gatherRows(['v', 'idle'], mine ? { v: mine, idle: mine } : {}, collective);
      const { v } = gathered.whole;
      expect(v!.shape).toEqual([3, 2]);
      expect([...v!.data]).toEqual([0, 1, 2, 3, 100, 101]);
      // Rank 1 has nothing to compute, and nothing flows to `idle`.
      const gradient = (name: string) => (name === 'v' && rank !== 1 ? rows(3, 10 * rank) : undefined);
      return scatterRows(gathered, gradient, collective);
    }),
  );
  expect(results.map(Object.keys)).toEqual([['v'], ['v'], ['v']]);
  expect(results.map(({ v }) => v!.shape[0])).toEqual([2, 0, 1]);
  expect([...results[0]!.v!.data]).toEqual([20, 22, 24, 26]);
  expect([...results[2]!.v!.data]).toEqual([28, 30]);
});

test('ranks whose rows differ in size say so', async () => {
  const results = await Promise.allSettled(
    loopback(2).map((collective) => gatherRows(['v'], { v: rows(2, 0, 2 + collective.rank) }, collective)),
  );
  const reasons = results.map((result) => String((result as PromiseRejectedResult).reason));
  for (const reason of reasons)
    expect(reason).toContain(
      'expected the rows of all ranks to be of one shape, got [rows, 3] and [rows, 2]',
    );
});
