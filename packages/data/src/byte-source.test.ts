import { expect, test } from 'vitest';
import { blobSource, bytesSource } from './byte-source.js';

const bytes = Uint8Array.from({ length: 150_000 }, (_, i) => i % 251);

test.each([
  ['bytesSource', bytesSource('x', bytes)],
  ['blobSource', blobSource('x', new Blob([bytes]))],
])('%s streams all bytes and reads them again anywhere', async (_, source) => {
  const streamed: number[] = [];
  for await (const chunk of source.chunks()) for (const byte of chunk) streamed.push(byte);
  expect(Uint8Array.from(streamed)).toEqual(bytes);
  expect(source.size).toBe(bytes.length);
  expect(await source.read(70_001, 5)).toEqual(bytes.slice(70_001, 70_006));
  expect((await source.read(149_999, 5)).length).toBe(1);
  await source.close();
});

test('text is read as UTF-8', async () => {
  expect(await bytesSource('x', 'aé').read(1, 2)).toEqual(Uint8Array.of(0xc3, 0xa9));
});
