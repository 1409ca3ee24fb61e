import { bytesSink, bytesSource, openTeacherVectors, textHash, vectorWriter } from '@rag/data';
import { readSafetensorsHeader } from '@rag/models';
import { describe, expect, test } from 'vitest';
import { vectorCodec } from './vector-codec.js';

const texts = (count: number) => Array.from({ length: count }, (_, i) => ({ text: `text ${i}` }));
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));

/** A file of rows that were given in parts of `part`. */
async function file(format: 'npy' | 'ragvec' | 'safetensors', width: number, rows: number, part: number) {
  const codec = await vectorCodec(format, width);
  const [all, vectors] = [texts(rows), numbers(rows * width)];
  const parts = [codec.header(rows)];
  for (let at = 0; at < rows; at += part)
    parts.push(
      await codec.encode(all.slice(at, at + part), vectors.subarray(at * width, (at + part) * width)),
    );
  return Uint8Array.from(Buffer.concat(parts));
}

/** What `@rag/data` writes. */
async function written(format: 'npy' | 'ragvec', width: number, rows: number): Promise<Uint8Array> {
  const sink = bytesSink('expected');
  const writer = vectorWriter(sink, { width, format });
  await writer.append(
    numbers(rows * width),
    format === 'ragvec' ? texts(rows).map(({ text }) => text) : undefined,
  );
  await writer.close();
  return sink.bytes();
}

describe.each(['npy', 'ragvec'] as const)('%s has the bytes that @rag/data writes', (format) => {
  test.each([
    [3, 1],
    [3, 9000],
    [700, 1500],
    [1, 20_000],
  ])('width %i, %i rows', async (width, rows) => {
    const { group } = await vectorCodec(format, width);
    const expected = Buffer.from(await written(format, width, rows));
    for (const part of new Set([group === 1 ? 1024 : group, 4096]))
      expect(expected.equals(await file(format, width, rows, part))).toBe(true);
  });
});

test('ragvec is read with its hashes', async () => {
  const bytes = await file('ragvec', 5, 5000, 4096);
  const vectors = await openTeacherVectors(bytesSource('v', bytes));
  expect([vectors.rows, vectors.width, vectors.format]).toEqual([5000, 5, 'ragvec']);
  expect(await vectors.textHash!(4999)).toBe(textHash('text 4999'));
  expect(await vectors.read([4999])).toEqual(numbers(25_000).slice(-5));
});

test('safetensors holds one tensor', async () => {
  const bytes = await file('safetensors', 5, 3000, 1024);
  const source = {
    read: async (_: string, offset: number, length: number) =>
      Uint8Array.from(bytes.subarray(offset, offset + length)),
    size: async () => bytes.length,
    list: async () => ['v'],
  };
  const { tensors } = await readSafetensorsHeader(source, 'v');
  expect([...tensors.keys()]).toEqual(['vectors']);
  expect(tensors.get('vectors')).toMatchObject({ dtype: 'F32', shape: [3000, 5] });
  expect(new Float32Array(Uint8Array.from(bytes.subarray(256)).buffer)).toEqual(numbers(15_000));
});

test('headers have one length, whatever the count', async () => {
  for (const format of ['npy', 'ragvec', 'safetensors'] as const) {
    const codec = await vectorCodec(format, 2 ** 20);
    expect(codec.header(0)).toHaveLength(codec.header(2 ** 32).length);
    expect(codec.group & (codec.group - 1)).toBe(0);
  }
});

test('what is not finite is refused', async () => {
  for (const format of ['npy', 'ragvec', 'safetensors'] as const)
    await expect(
      (await vectorCodec(format, 1)).encode([{ text: '' }], Float32Array.of(Number.POSITIVE_INFINITY)),
    ).rejects.toThrow('expected a finite float32, got Infinity');
});
