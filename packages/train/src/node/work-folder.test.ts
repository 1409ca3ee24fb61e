import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workFolder } from './work-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-work-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('files, texts, and what is not there', async () => {
  const path = join(folder, 'work');
  const files = await workFolder(path);
  expect(await files.open('a')).toBeUndefined();
  expect(await files.readText('a.json')).toBeUndefined();
  const file = await files.create('a');
  await file.begin();
  await file.append(new TextEncoder().encode('abc'));
  expect(await files.open('a')).toBeUndefined();
  await files.writeText('a.json', '{}');
  await file.finish(new Uint8Array(0));
  const again = await workFolder(path);
  const source = (await again.open('a'))!;
  expect([source.size, await again.readText('a.json')]).toEqual([3, '{}']);
  await source.close();
  await again.remove('a');
  await again.remove('a');
  expect(await readdir(path)).toEqual(['a.json']);
});

test('a folder that cannot be made is refused under its flag', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(workFolder(join(folder, 'file'))).rejects.toThrow('--work: expected a folder');
  await expect(workFolder(join(folder, 'none', 'work'))).rejects.toThrow('ENOENT');
});
