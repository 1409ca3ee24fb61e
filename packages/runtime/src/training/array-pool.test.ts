import { expect, test } from 'vitest';
import { arrayPool, bufferPool } from './array-pool.js';

test('the shortest buffer that is long enough is taken, and a free one makes way for a longer one', () => {
  const made: number[] = [];
  const pool = bufferPool((length) => {
    made.push(length);
    return { length };
  });
  const [a, b] = [pool.take(10), pool.take(4)];
  pool.give(a);
  pool.give(b);
  expect(pool.take(3)).toBe(b);
  expect(pool.take(5)).toBe(a);
  pool.give(b);
  pool.give(a);
  const c = pool.take(20);
  expect(made).toEqual([10, 4, 20]);
  expect(pool.held).toBe(24);
  expect(pool.take(4)).toBe(b);
  expect(c.length).toBe(20);
});

test('arrays have the length that is asked for, and never share memory while they are taken', () => {
  const pool = arrayPool();
  const [a, b] = [pool.take(8).fill(1), pool.take(8).fill(2)];
  expect([...a, ...b]).toEqual([...new Array(8).fill(1), ...new Array(8).fill(2)]);
  pool.give(a);
  const c = pool.take(3).fill(3);
  expect(c.buffer).toBe(a.buffer);
  expect(c.length).toBe(3);
  expect([...b]).toEqual(new Array(8).fill(2));
  pool.give(a);
  expect(pool.take(2).buffer).not.toBe(c.buffer);
});
