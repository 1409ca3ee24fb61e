import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLines } from '../jsonl.js';
import { openRecords } from '../records.js';
import { openFile } from './open-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, data: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, data);
  return path;
}

test('a file larger than a chunk is streamed whole and read anywhere', async () => {
  const text = Array.from({ length: 300_000 }, (_, i) => `{"n": ${i}}`).join('\n');
  const source = await openFile(await write('big.jsonl', text));
  expect(source.size).toBe(text.length);
  let [count, last] = [0, ''];
  for await (const { bytes, offset } of readLines(source)) {
    if (++count % 100_000 === 0) last = new TextDecoder().decode(await source.read(offset, bytes.length));
  }
  expect([count, last]).toEqual([300_000, '{"n": 299999}']);
  expect((await source.read(text.length - 1, 10)).length).toBe(1);
  await source.close();
});

test('a missing file, and a name that ends in a folder', async () => {
  const path = join(folder, 'none.jsonl');
  await expect(openFile(path)).rejects.toMatchObject({
    fault: 'missing-file',
    message: `${path}: expected a file, got nothing at this path — check the path`,
    cause: { code: 'ENOENT' },
  });
  await expect(openFile(folder)).rejects.toMatchObject({
    fault: 'directory',
    message: `${folder}: expected a file, got a directory — name the files in it`,
  });
});

test('an empty file and a gzip file', async () => {
  const load = async (path: string) => openRecords([await openFile(path)]);
  await expect(load(await write('empty.jsonl', ''))).rejects.toMatchObject({ fault: 'empty-file' });
  await expect(load(await write('rows.jsonl.gz', gzipSync('{"query": "q"}\n')))).rejects.toMatchObject({
    fault: 'compressed',
    message: expect.stringContaining('gunzip'),
  });
});

test('a file cut short after it was indexed is found out', async () => {
  const path = await write('cut.jsonl', '{"query": "q", "content": "c", "label": 1}\n'.repeat(2));
  const records = await openRecords([await openFile(path)], { cacheBytes: 0 });
  await writeFile(path, '{"query": "q", "content": "c", "label": 1}\n');
  await expect(records.read(1)).rejects.toMatchObject({ fault: 'changed-file', at: { line: 2 } });
  await records.close();
});
