import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { bytesSink } from './byte-sink.js';
import { bytesSource } from './byte-source.js';
import expected from './fixtures/teacher-vectors/expected.json' with { type: 'json' };
import { openTeacherVectors } from './teacher-vectors.js';
import { textHash } from './text-hash.js';
import { vectorWriter, writeTeacherVectors } from './vector-writer.js';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/teacher-vectors/${name}`, import.meta.url)));
const { texts } = expected;
/** The fixture's rows in windows of 2, 1 and 2. */
const windows = [
  [0, 2],
  [2, 3],
  [3, 5],
].map(([from, to]) => ({
  vectors: Float32Array.from(expected.values.slice(from, to).flat()),
  texts: texts.slice(from, to),
}));

test.each([
  ['headerless.memmap', { format: 'memmap' }],
  ['v1-f4.npy', { format: 'npy' }],
  ['v1-f2.npy', { format: 'npy', dtype: 'float16' }],
  ['f4.ragvec', { format: 'ragvec' }],
] as const)('%s is written byte for byte as NumPy wrote it', async (name, options) => {
  const sink = bytesSink(name);
  expect(await writeTeacherVectors(sink, windows, { width: 3, ...options })).toBe(5);
  expect(sink.bytes()).toEqual(fixture(name));
});

test('windows that straddle blocks come back, with their hashes', async () => {
  const width = 2 ** 18; // 4 rows a block in float32, 8 in float16
  for (const dtype of ['float32', 'float16'] as const) {
    const sink = bytesSink('v');
    const writer = vectorWriter(sink, { width, format: 'ragvec', dtype });
    for (const [first, count] of [
      [0, 3],
      [3, 3],
      [6, 4],
    ] as const) {
      const vectors = new Float32Array(count * width);
      for (let row = 0; row < count; row++) vectors[(row + 1) * width - 1] = first + row;
      await writer.append(
        vectors,
        Array.from({ length: count }, (_, row) => `text ${first + row}`),
      );
    }
    expect(writer.rows).toBe(10);
    await writer.close();
    const read = await openTeacherVectors(bytesSource('v', sink.bytes()), { width, rows: 10 });
    for (let row = 9; row >= 0; row--) {
      expect((await read.read([row])).at(-1)).toBe(row);
      expect(await read.textHash!(row)).toBe(textHash(`text ${row}`));
    }
  }
});

test('a writer that was never closed leaves a file that is refused', async () => {
  for (const format of ['npy', 'ragvec'] as const) {
    const sink = bytesSink('v');
    await vectorWriter(sink, { width: 1, format }).append(new Float32Array(5000), Array(5000).fill('t'));
    await expect(openTeacherVectors(bytesSource('v', sink.bytes()))).rejects.toMatchObject({
      fault: 'unreadable-file',
    });
  }
});

test('what a file cannot hold is refused, by row and element', async () => {
  const writer = vectorWriter(bytesSink('v'), { width: 2, format: 'ragvec', dtype: 'float16' });
  await writer.append(Float32Array.of(1, 2), ['a']);
  const refused: [Float32Array, string[] | undefined, string][] = [
    [Float32Array.of(1, 2, 3), ['a'], 'v: expected rows of width 2, got 3 elements'],
    [Float32Array.of(1, 2), undefined, 'v: expected 1 texts (one per row), got none'],
    [Float32Array.of(1, 2), ['a', 'b'], 'v: expected 1 texts (one per row), got 2'],
    [
      Float32Array.of(1, 2, 3, 65520),
      ['a', 'b'],
      'v: row 2, element 1: expected a finite float16, got 65520',
    ],
    [Float32Array.of(Number.NaN, 2), ['a'], 'v: row 1, element 0: expected a finite float16, got NaN'],
  ];
  for (const [vectors, some, message] of refused)
    await expect(writer.append(vectors, some)).rejects.toThrow(message);
  expect(writer.rows).toBe(1);
  expect(() => vectorWriter(bytesSink('v'), { width: 0, format: 'npy' })).toThrow(
    'a width from 1 to 1048576, got 0',
  );
  expect(() => vectorWriter(bytesSink('v'), { width: 1, format: 'memmap', dtype: 'float16' })).toThrow(
    'v: expected float32 for a file without a header, got float16',
  );
});

test('a failing window, a failing sink and no rows at all leave nothing behind', async () => {
  const failing = async function* () {
    yield windows[0]!;
    throw new Error('teacher died');
  };
  const options = { width: 3, format: 'npy' } as const;
  const sink = bytesSink('v');
  await expect(writeTeacherVectors(sink, failing(), options)).rejects.toThrow('teacher died');
  expect(sink.bytes().length).toBe(0);

  const none = { ...bytesSink('v'), abort: vi.fn(async () => {}) };
  await expect(writeTeacherVectors(none, [], options)).rejects.toThrow('v: expected at least one row');
  expect(none.abort).toHaveBeenCalled();

  const full = {
    ...bytesSink('v'),
    close: async () => Promise.reject(new Error('disk full')),
    abort: vi.fn(async () => {}),
  };
  await expect(writeTeacherVectors(full, windows, options)).rejects.toThrow('disk full');
  expect(full.abort).toHaveBeenCalled();
});
