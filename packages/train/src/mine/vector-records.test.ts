import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { formatVectorRecords, readVectorRecords } from './vector-records.js';

const dim = 3;
const record = (tokens: number, seed: number) => ({
  tokens,
  dim,
  data: Float32Array.from({ length: tokens * dim }, (_, i) => Math.sin(seed + i)),
});
const read = async (bytes: Uint8Array, count: number) => {
  const found = [];
  for await (const each of readVectorRecords(bytesSource('passages.vectors', bytes), dim, count))
    found.push(each);
  return found;
};

test('records are read back, those that lie across the ends of what is read at once too', async () => {
  const list = Array.from({ length: 30 }, (_, i) => record(1 + ((i * 7919) % 30_000), i));
  const bytes = formatVectorRecords(list);
  expect(bytes.length).toBeGreaterThan(1 << 22);
  const found = await read(bytes, 30);
  expect(found.map(({ tokens }) => tokens)).toEqual(list.map(({ tokens }) => tokens));
  expect(Buffer.compare(formatVectorRecords(found), bytes)).toBe(0);
});

test('a file that is cut, too long or wrong is refused', async () => {
  const bytes = formatVectorRecords([record(2, 0), record(1, 1)]);
  await expect(read(bytes.subarray(0, -1), 2)).rejects.toThrow('got a file that ends before');
  await expect(read(bytes, 1)).rejects.toThrow('got bytes behind them');
  await expect(read(bytes, 3)).rejects.toThrow('got a file that ends before');
  const none = Uint8Array.from(bytes);
  none.fill(0, 0, 4);
  await expect(read(none, 2)).rejects.toThrow('got a passage without vectors');
  const huge = Uint8Array.from(bytes);
  huge.fill(0xff, 0, 4);
  await expect(read(huge, 2)).rejects.toThrow('4294967295 vectors of one passage');
});
