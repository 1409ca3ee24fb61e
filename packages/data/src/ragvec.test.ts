import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { isRagvec, ragvecBlockRows, ragvecHeader, ragvecLayout } from './ragvec.js';

const layout = (bytes: Uint8Array) => ragvecLayout(bytesSource('v.ragvec', bytes));

/** A file of 3 rows of 2 float32, with one byte or word of its header changed. */
function file(change: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(64 + 3 * 16);
  bytes.set(ragvecHeader(3, 2, 'float32'));
  change(new DataView(bytes.buffer));
  return bytes;
}

test('hashes of a block come before its rows', async () => {
  const got = await layout(file((view) => view.setUint32(28, 2, true)));
  expect([got.rows, got.width, got.dtype, got.blockRows]).toEqual([3, 2, 'float32', 2]);
  expect([0, 1].map((block) => got.hashOffsetOf!(block))).toEqual([64, 96]);
  expect([0, 1, 2].map((row) => got.offsetOf(row))).toEqual([80, 88, 104]);
});

test.each<[string, (view: DataView) => void, string]>([
  [
    'a newer version',
    (v) => v.setUint32(8, 2, true),
    'expected version 1 of the ragvec format, got version 2 — update',
  ],
  ['8 bytes per element', (v) => v.setUint32(12, 8, true), '4 or 2 bytes per element, got 8'],
  [
    'an unfinished file',
    (v) => v.setBigUint64(16, 2n ** 64n - 1n, true),
    'one whose writer was never closed',
  ],
  ['no rows', (v) => v.setBigUint64(16, 0n, true), 'at least one row'],
  ['a count beyond the file', (v) => v.setBigUint64(16, 2n ** 52n, true), 'got 112 — the file was cut short'],
  ['a count that is no safe integer', (v) => v.setBigUint64(16, 2n ** 60n, true), 'at most 2^53 - 1'],
  ['fewer rows than the file', (v) => v.setBigUint64(16, 2n, true), 'expected 96 bytes for 2 rows'],
  ['no width', (v) => v.setUint32(24, 0, true), 'a width from 1'],
  ['a huge width', (v) => v.setUint32(24, 0xffffffff, true), 'a width from 1 to 1048576, got 4294967295'],
  ['blocks of no rows', (v) => v.setUint32(28, 0, true), 'a power of two up to 65536, got 0'],
  ['blocks of 3 rows', (v) => v.setUint32(28, 3, true), 'a power of two up to 65536, got 3'],
  ['blocks of 2^31 rows', (v) => v.setUint32(28, 2 ** 31, true), 'got 2147483648'],
  ['something in the reserved bytes', (v) => v.setUint8(63, 1), '32 zero bytes'],
])('refuses %s', async (_, change, message) => {
  await expect(layout(file(change))).rejects.toMatchObject({
    fault: 'unreadable-file',
    message: expect.stringContaining(message),
  });
});

test('refuses a file that ends within the header', async () => {
  await expect(layout(file().slice(0, 63))).rejects.toThrow('a header of 64 bytes, got 63');
});

test('changed line ends are no ragvec', () => {
  expect(isRagvec(file())).toBe(true);
  expect(isRagvec(file((v) => v.setUint8(7, 0x0d)))).toBe(false);
  expect(isRagvec(file().slice(0, 7))).toBe(false);
});

test('blocks hold at most 4 MiB of vectors and at least a row', () => {
  expect(ragvecBlockRows(3584, 'float32')).toBe(256);
  expect(ragvecBlockRows(1024, 'float32')).toBe(1024);
  expect(ragvecBlockRows(1, 'float16')).toBe(4096);
  expect(ragvecBlockRows(2 ** 20, 'float32')).toBe(1);
  expect(ragvecBlockRows(2 ** 20, 'float16')).toBe(2);
});
