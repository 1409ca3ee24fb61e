import { expect, test } from 'vitest';
import { zeros } from '../tensor.js';
import { tensorPool } from './tensor-pool.js';

test('uses memory again that was given back, and makes room for larger tensors', () => {
  const pool = tensorPool();
  const first = pool.take('float32', [4, 2]);
  const second = pool.take('float32', [3]);
  expect(second.data.buffer).not.toBe(first.data.buffer);
  pool.give(first);
  pool.give(second);
  const small = pool.take('float32', [3]);
  expect(small.data.buffer).toBe(second.data.buffer);
  expect(small.shape).toEqual([3]);
  const large = pool.take('float32', [100]);
  expect(large.data.length).toBe(100);
  // The one that was too small for it is gone.
  expect(pool.take('float32', [8]).data.buffer).not.toBe(first.data.buffer);
});

test('takes back only what it made, once', () => {
  const pool = tensorPool();
  const foreign = zeros('float32', [4]);
  pool.give(foreign);
  expect(pool.take('float32', [4]).data.buffer).not.toBe(foreign.data.buffer);
  const own = pool.take('float32', [2]);
  pool.give(own);
  pool.give(own);
  const [a, b] = [pool.take('float32', [2]), pool.take('float32', [2])];
  expect(a.data.buffer).not.toBe(b.data.buffer);
});
