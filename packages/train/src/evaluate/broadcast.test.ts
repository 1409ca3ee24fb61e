import { expect, test } from 'vitest';
import { broadcast } from './broadcast.js';

async function* numbers(count: number, fetched: number[] = []) {
  for (let i = 0; i < count; i++) {
    fetched.push(i);
    yield i;
  }
}

test.each([1, 2, 5])('%i consumers get every item in order, however slow one is', async (consumers) => {
  const fetched: number[] = [];
  const ahead: number[] = [];
  const read = async (items: AsyncIterable<number>, delay: number) => {
    const got: number[] = [];
    for await (const item of items) {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      ahead.push(fetched.length - got.length);
      got.push(item);
    }
    return got;
  };
  const parts = broadcast(numbers(6, fetched), consumers);
  const all = await Promise.all(parts.map((items, i) => read(items, i)));
  expect(all).toEqual(Array.from({ length: consumers }, () => [0, 1, 2, 3, 4, 5]));
  // Nobody waits behind more than the item that is being read.
  expect(Math.max(...ahead)).toBe(1);
});

test('an error of the source reaches every consumer', async () => {
  async function* failing() {
    yield 1;
    throw new Error('disk');
  }
  const read = async (items: AsyncIterable<number>) => {
    for await (const _ of items);
  };
  const ends = await Promise.allSettled(broadcast(failing(), 3).map(read));
  expect(ends.map((end) => (end as PromiseRejectedResult).reason?.message)).toEqual(['disk', 'disk', 'disk']);
});
