import { expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import { joinRows, rowsOf } from './grad-cache.js';

const rows = (count: number, first: number) =>
  new Tensor(
    'float32',
    [count, 1, 2],
    Float32Array.from({ length: count * 2 }, (_, i) => first + i),
  );

it('joins rows in the order of the chunks, and finds them again', () => {
  const parts = [rows(2, 0), rows(0, 9), rows(1, 4)];
  const { whole, starts } = joinRows('vectors', parts);
  expect(whole.shape).toEqual([3, 1, 2]);
  expect(Array.from(whole.data as Float32Array)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(starts).toEqual([0, 2, 2, 3]);
  for (const [i, part] of parts.entries()) expect(rowsOf(whole, starts[i]!, starts[i + 1]!)).toEqual(part);
  expect(rowsOf(whole, 2, 3).data.buffer).toBe(whole.data.buffer);
});

it('refuses what differs in more than rows', () => {
  const wide = new Tensor('float32', [1, 1, 3], new Float32Array(3));
  const message =
    'chunk 1: boundary "vectors": expected float32 [rows, 1, 2] as in the first chunk, got float32 [1, 1, 3]';
  expect(() => joinRows('vectors', [rows(1, 0), wide])).toThrow(message);
  const other = new Tensor('int64', [1, 1, 2], new BigInt64Array(2));
  expect(() => joinRows('vectors', [rows(1, 0), other])).toThrow('got int64 [1, 1, 2]');
  const scalar = new Tensor('float32', [], new Float32Array(1));
  expect(() => joinRows('vectors', [scalar])).toThrow('chunk 0: boundary "vectors"');
});
