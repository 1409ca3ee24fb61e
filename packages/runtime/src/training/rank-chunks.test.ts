import { expect, test } from 'vitest';
import { loopback } from '../collectives/loopback.js';
import { inStep } from './rank-chunks.js';

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
