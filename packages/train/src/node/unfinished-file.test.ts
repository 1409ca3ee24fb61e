import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openUnfinishedFile } from './unfinished-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unfinished-'));
  path = join(folder, 'v.npy');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test('a file is made, left, gone on with and finished', async () => {
  const file = await openUnfinishedFile(path);
  expect([file.name, file.note]).toEqual([path, undefined]);
  await file.begin();
  await file.append(bytes('head'));
  await file.append(bytes('one '));
  await file.commit('{"n":1}');
  await file.append(bytes('two not committed'));
  await file.close();
  expect((await readdir(folder)).sort()).toEqual(['v.npy.partial', 'v.npy.progress.json']);
  const next = await openUnfinishedFile(path);
  expect(next.note).toBe('{"n":1}');
  await next.goOn(8);
  await next.append(bytes('two'));
  await next.finish(bytes('HEAD'));
  expect(await readdir(folder)).toEqual(['v.npy']);
  expect(await readFile(path, 'utf8')).toBe('HEADone two');
});

test('beginning takes an earlier note away before its bytes', async () => {
  const file = await openUnfinishedFile(path);
  await file.begin();
  await file.append(bytes('old'));
  await file.commit('{}');
  await file.close();
  const next = await openUnfinishedFile(path);
  await next.begin();
  expect(await readdir(folder)).toEqual(['v.npy.partial']);
  await next.append(bytes('new'));
  await next.discard();
  expect(await readdir(folder)).toEqual([]);
});

test('a file of this name is replaced at the end, if at all', async () => {
  await writeFile(path, 'earlier');
  await expect(openUnfinishedFile(path)).rejects.toThrow(
    `${path}: expected no file yet, got one — pass --overwrite to replace it, or choose another name`,
  );
  const file = await openUnfinishedFile(path, { overwrite: true });
  await file.begin();
  await file.append(bytes('later'));
  expect(await readFile(path, 'utf8')).toBe('earlier');
  await file.finish(bytes(''));
  expect(await readFile(path, 'utf8')).toBe('later');
});

test('a note without its bytes is of a file that was finished', async () => {
  await writeFile(`${path}.progress.json`, '{}');
  expect((await openUnfinishedFile(path)).note).toBeUndefined();
});

test('faults are named', async () => {
  await mkdir(path);
  await expect(openUnfinishedFile(path)).rejects.toThrow(`${path}: expected a file, got a directory`);
  await expect(openUnfinishedFile(join(folder, 'none', 'v.npy'))).rejects.toThrow(
    `v.npy: expected a file in a folder that exists, got none of the name ${join(folder, 'none')} — make it`,
  );
  const late = join(folder, 'late');
  await mkdir(late);
  const removed = await openUnfinishedFile(join(late, 'v.npy'));
  await rm(late, { recursive: true });
  await expect(removed.begin()).rejects.toThrow('got one in a folder that does not exist — make the folder');
  await rm(path, { recursive: true });
  const file = await openUnfinishedFile(path);
  await file.begin();
  await file.append(bytes('12345678'));
  await file.commit('{}');
  await file.close();
  await truncate(`${path}.partial`, 3);
  await expect((await openUnfinishedFile(path)).goOn(8)).rejects.toThrow(
    `${path}.partial: expected at least 8 bytes, got 3 — pass --overwrite to begin again`,
  );
});
