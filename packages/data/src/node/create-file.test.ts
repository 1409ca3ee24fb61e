import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTeacherVectors } from '../teacher-vectors.js';
import { writeTeacherVectors } from '../vector-writer.js';
import { createFile } from './create-file.js';
import { openFile } from './open-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a file has its name only when it is closed, and replaces an older one', async () => {
  const path = join(folder, 'out.bin');
  await writeFile(path, 'old');
  await writeFile(`${path}.partial`, 'a longer leftover of a killed program');
  const sink = await createFile(path);
  await sink.write(Uint8Array.of(1, 2, 3));
  await sink.write(Uint8Array.of(4));
  await sink.writeAt(1, Uint8Array.of(9));
  await expect(sink.writeAt(3, Uint8Array.of(1, 2))).rejects.toThrow(
    `${path}: expected bytes within the 4 written, got 2 at 3`,
  );
  expect(await readFile(path, 'utf8')).toBe('old');
  await sink.close();
  expect([...(await readFile(path))]).toEqual([1, 9, 3, 4]);
  expect(await readdir(folder)).toEqual(['out.bin']);
});

test('an aborted file leaves nothing, also after a failed close', async () => {
  const path = join(folder, 'gone.bin');
  const sink = await createFile(path);
  await sink.write(Uint8Array.of(1));
  await sink.abort();
  await sink.abort();
  expect((await readdir(folder)).filter((name) => name.startsWith('gone'))).toEqual([]);
});

test('a folder that does not exist', async () => {
  const path = join(folder, 'none', 'out.bin');
  await expect(createFile(path)).rejects.toMatchObject({
    fault: 'missing-file',
    message: `${path}: expected a place to write a file, got a folder that does not exist — make the folder first`,
    cause: { code: 'ENOENT' },
  });
});

test('vectors written to a file and read from it', async () => {
  const path = join(folder, 'teacher.ragvec');
  const vectors = Float32Array.from({ length: 20_000 }, (_, i) => i);
  const texts = Array.from({ length: 10_000 }, (_, i) => `text ${i}`);
  await writeTeacherVectors(await createFile(path), [{ vectors, texts }], { width: 2, format: 'ragvec' });
  const read = await openTeacherVectors(await openFile(path), { rows: 10_000 });
  expect([...(await read.read([9999, 0, 4096]))]).toEqual([19_998, 19_999, 0, 1, 8192, 8193]);
  await read.close();
});
