import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hubCache, isCommit } from './hub-cache.js';

const refused = vi.hoisted(() => ({ symlinks: false }));
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return {
    ...actual,
    symlink: async (...args: Parameters<typeof actual.symlink>) => {
      if (refused.symlinks) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
      return actual.symlink(...args);
    },
  };
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cache-'));
  refused.symlinks = false;
});
afterEach(() => rm(root, { recursive: true, force: true }));
const commit = 'c'.repeat(40);

test('refs: written, read, refused where they would leave the cache', async () => {
  const cache = hubCache(root, 'org/name');
  expect(cache.folder).toBe(join(root, 'models--org--name'));
  expect(hubCache(root, 'bert-base-uncased').folder).toBe(join(root, 'models--bert-base-uncased'));
  expect(await cache.commitOf('main')).toBeUndefined();
  await cache.noteCommit('main', commit);
  await cache.noteCommit('refs/pr/3', commit);
  await cache.noteCommit(commit, commit);
  expect(await cache.commitOf('refs/pr/3')).toBe(commit);
  expect(await cache.commitOf('d'.repeat(40))).toBe('d'.repeat(40));
  expect((await readdir(join(cache.folder, 'refs'))).sort()).toEqual(['main', 'refs']);
  await expect(cache.commitOf('../../x')).rejects.toThrow('revision: expected a branch');
  expect(isCommit('C'.repeat(40))).toBe(false);
});

test.each([true, false])(
  'links, or copies where links are refused (%s), over what was there',
  async (symlinks) => {
    refused.symlinks = !symlinks;
    const cache = hubCache(root, 'org/name');
    await mkdir(join(cache.folder, 'blobs'), { recursive: true });
    for (const etag of ['one', 'two']) await writeFile(cache.blob(etag), etag);
    await cache.link(commit, 'a/b.json', 'one');
    await cache.link(commit, 'a/b.json', 'two');
    const path = join(cache.snapshot(commit), 'a', 'b.json');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(join(cache.snapshot(commit), 'a'))).toEqual(['b.json']);
    expect(await readFile(cache.blob('one'), 'utf8')).toBe('one');
    expect(await cache.sizeOf(commit, 'a/b.json')).toBe(3);
    expect(await cache.sizeOf(commit, 'a/none')).toBeUndefined();
    expect(await cache.blobSize('one')).toBe(3);
    await expect(cache.link(commit, '../../x', 'one')).rejects.toThrow('expected a relative path');
  },
);
