import { expect, test } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import type { TrainingBatch } from './batch.js';
import { agreedPart, inStep } from './rank-chunks.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test('every rank goes as many steps as the one with most items', async () => {
  const lists = [[1], [], [4, 5, 6]];
  const seen = await Promise.all(loopback(3).map((each) => all(inStep(lists[each.rank]!, each))));
  expect(seen).toEqual([
    [1, undefined, undefined],
    [undefined, undefined, undefined],
    [4, 5, 6],
  ]);
});

test('a process alone goes through its own', async () => {
  expect(await all(inStep([1, 2], undefined))).toEqual([1, 2]);
});

const agreed = (parts: readonly (TrainingBatch | undefined)[]) =>
  Promise.allSettled(loopback(parts.length).map((each) => agreedPart(parts[each.rank], each)));

test('a rank without a batch has no chunks where others have some', async () => {
  const [whole, chunked] = [{}, { chunks: [{}], head: {} }];
  const gathered = { ...chunked, gathered: 'own head' } as const;
  const value = (result: PromiseSettledResult<unknown>) => (result as PromiseFulfilledResult<unknown>).value;
  expect((await agreed([whole, undefined])).map(value)).toEqual([whole, undefined]);
  expect((await agreed([undefined, chunked])).map(value)).toEqual([{ chunks: [], head: {} }, chunked]);
  expect((await agreed([undefined, gathered])).map(value)).toEqual([
    { chunks: [], head: {}, gathered: 'own head' },
    gathered,
  ]);
  expect(await agreedPart(chunked, undefined)).toBe(chunked);
});

test('ranks whose parts are of different kinds all say so', async () => {
  const chunked = { chunks: [{}], head: {} };
  const reasons = async (...parts: (TrainingBatch | undefined)[]) =>
    (await agreed(parts)).map((result) => String((result as PromiseRejectedResult).reason));
  for (const reason of await reasons({}, chunked))
    expect(reason).toContain('expected chunks on all ranks or on none');
  for (const reason of await reasons({ ...chunked, gathered: 'same head' }, undefined))
    expect(reason).toContain('expected the head that all ranks compute alike');
});
