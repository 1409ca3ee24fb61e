import { expect, test } from 'vitest';
import { bytesSink } from './byte-sink.js';

test('bytes are appended, copied, and corrected in place', async () => {
  const sink = bytesSink('x');
  const part = new Uint8Array(1000).fill(7);
  for (let i = 0; i < 3; i++) await sink.write(part);
  part.fill(9);
  await sink.writeAt(2998, Uint8Array.of(1, 2));
  await sink.close();
  const bytes = sink.bytes();
  expect([bytes.length, bytes[0], bytes[2997], bytes[2998], bytes[2999]]).toEqual([3000, 7, 7, 1, 2]);
});

test('only what was written can be overwritten; an aborted sink is empty', async () => {
  const sink = bytesSink('x');
  await sink.write(Uint8Array.of(1, 2));
  await expect(sink.writeAt(1, Uint8Array.of(1, 2))).rejects.toThrow(
    'x: expected bytes within the 2 written, got 2 at 1',
  );
  await expect(sink.writeAt(-1, Uint8Array.of(1))).rejects.toThrow(RangeError);
  await sink.abort();
  expect(sink.bytes().length).toBe(0);
});
