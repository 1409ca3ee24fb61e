import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { type ByteSource, bytesSource } from './byte-source.js';
import expected from './fixtures/teacher-vectors/expected.json' with { type: 'json' };
import { openTeacherVectors } from './teacher-vectors.js';

const fixture = (name: string): ByteSource =>
  bytesSource(
    name,
    new Uint8Array(readFileSync(new URL(`./fixtures/teacher-vectors/${name}`, import.meta.url))),
  );

test.each([
  ['headerless.memmap', 'memmap', 'float32'],
  ...[1, 2, 3].flatMap((version) => [
    [`v${version}-f4.npy`, 'npy', 'float32'],
    [`v${version}-f2.npy`, 'npy', 'float16'],
  ]),
  ['f4.ragvec', 'ragvec', 'float32'],
  ['f2-blocks-of-2.ragvec', 'ragvec', 'float16'],
])('%s, written by NumPy, reads equal', async (name, format, dtype) => {
  const vectors = await openTeacherVectors(fixture(name!), { width: 3, rows: 5 });
  expect([vectors.format, vectors.dtype, vectors.rows, vectors.width]).toEqual([format, dtype, 5, 3]);
  const order = [4, 0, 3, 1, 2, 2];
  expect([...(await vectors.read(order))]).toEqual(order.flatMap((row) => expected.values[row]!));
  if (format === 'ragvec') {
    const hashes = await Promise.all(expected.texts.map((_, row) => vectors.textHash!(row)));
    expect(hashes).toEqual(expected.hashes.map((hash) => BigInt(`0x${hash}`)));
  } else expect(vectors.textHash).toBeUndefined();
  await vectors.close();
});

test.each([
  ['bad-f8.npy', "expected dtype '<f4' or '<f2', got '<f8' — save array.astype('<f4')"],
  ['bad-big-endian.npy', "got '>f4'"],
  ['bad-fields.npy', 'a header with'],
  ['bad-one-row.npy', 'expected two dimensions (rows, width), got 1'],
  ['bad-fortran.npy', 'expected C order, got Fortran order — save numpy.ascontiguousarray(array)'],
])('%s is refused and its source closed', async (name, message) => {
  const source = { ...fixture(name), close: vi.fn(async () => {}) };
  await expect(openTeacherVectors(source)).rejects.toThrow(message);
  expect(source.close).toHaveBeenCalledOnce();
});

test('width and rows that contradict a header', async () => {
  await expect(openTeacherVectors(fixture('v1-f4.npy'), { width: 4 })).rejects.toThrow(
    'v1-f4.npy: expected width 4, got 5 rows of width 3 — give width 3, or another file',
  );
  await expect(openTeacherVectors(fixture('f4.ragvec'), { rows: 6 })).rejects.toThrow(
    'expected rows 6, got 5 rows',
  );
  await expect(openTeacherVectors(fixture('headerless.memmap'))).rejects.toThrow(
    'a width for a file without a header',
  );
  const zip = bytesSource('v.npz', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0));
  await expect(openTeacherVectors(zip, { width: 1 })).rejects.toThrow('got a zip archive');
});

/** Headerless rows whose first element is the row's number. */
function numbered(rows: number, width: number) {
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) data[row * width] = row;
  const source = bytesSource('v', new Uint8Array(data.buffer));
  const read = vi.fn(source.read);
  return { ...source, read };
}

test('reads windows, never the whole, and keeps only as many as asked', async () => {
  const width = 4096; // 16 KiB a row, 16 rows a window
  const source = numbered(100, width);
  const vectors = await openTeacherVectors(source, { width, cacheBytes: 2 * 16 * width * 4 });
  source.read.mockClear();
  const firsts = async (rows: number[]) => {
    const read = await vectors.read(rows);
    return rows.map((_, i) => read[i * width]);
  };
  expect(await firsts([0, 15, 1])).toEqual([0, 15, 1]);
  expect(source.read.mock.calls).toEqual([[0, 16 * width * 4]]);
  expect(await firsts([16, 99, 17, 0])).toEqual([16, 99, 17, 0]);
  // Rows 96 … 99 are the short last window; row 0 was dropped for it.
  expect(source.read.mock.calls.slice(1).map(([at, length]) => [at / width / 4, length / width / 4])).toEqual(
    [
      [16, 16],
      [96, 4],
      [0, 16],
    ],
  );
});

test('a row that is not there, an element that is not finite, a file cut short meanwhile', async () => {
  const vectors = await openTeacherVectors(numbered(3, 2), { width: 2 });
  for (const row of [3, -1, 0.5]) {
    await expect(vectors.read([0, row])).rejects.toThrow(`v: expected a row below 3, got ${row}`);
  }
  expect(await vectors.read([])).toEqual(new Float32Array(0));

  const data = Float32Array.of(1, 2, 3, Number.NaN);
  const bad = await openTeacherVectors(bytesSource('v', new Uint8Array(data.buffer)), { width: 2 });
  expect([...(await bad.read([0]))]).toEqual([1, 2]);
  await expect(bad.read([0, 1])).rejects.toMatchObject({
    fault: 'nan',
    message:
      'v: expected finite elements in row 1, got NaN at element 1 — encode the texts again, or leave the row out',
  });

  const cut = numbered(3, 2);
  const open = await openTeacherVectors(cut, { width: 2 });
  cut.read.mockResolvedValue(new Uint8Array(20));
  await expect(open.read([1])).rejects.toMatchObject({ fault: 'changed-file' });
});

test('a source whose arrays share a larger buffer gives the same vectors', async () => {
  const numbers = Float32Array.of(1, 2, 3, 4);
  const pool = new Uint8Array(64);
  pool.set(new Uint8Array(numbers.buffer), 24);
  const vectors = await openTeacherVectors(bytesSource('v.f32', Buffer.from(pool.buffer, 24, 16)), {
    width: 2,
  });
  expect(await vectors.read([1, 0])).toEqual(Float32Array.of(3, 4, 1, 2));
});
