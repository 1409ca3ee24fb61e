import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeTrackerFiles } from './node-tracker-files.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trackers-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('grows, is cut, and is found again', async () => {
  const path = `${folder}/deep/down/log.jsonl`;
  const file = await nodeTrackerFiles.open(path);
  await file.append(bytes('one two'));
  await file.cut(4);
  await file.append(bytes('three'));
  await file.sync();
  expect([file.size, new TextDecoder().decode(await file.read())]).toEqual([9, 'one three']);
  await file.close();
  const again = await nodeTrackerFiles.open(path);
  await again.append(bytes('!'));
  await again.close();
  expect(await readFile(path, 'utf8')).toBe('one three!');
  expect(await nodeTrackerFiles.list(`${folder}/deep/down`)).toEqual(['log.jsonl']);
  expect(await nodeTrackerFiles.list(`${folder}/nowhere`)).toEqual([]);
});

test('a place that cannot be written is an error of its own', async () => {
  await writeFile(`${folder}/file`, '');
  await expect(nodeTrackerFiles.open(`${folder}/file/inside`)).rejects.toThrow(/EEXIST|ENOTDIR/);
});
