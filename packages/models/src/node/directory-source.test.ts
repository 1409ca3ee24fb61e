import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { FileSourceError } from '../file-source.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { directorySource } from './directory-source.js';

// Windows lets only administrators make symlinks.
const testSymlinks = test.skipIf(process.platform === 'win32');

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'directory-source-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('reads ranges, sizes and the sorted top level', async () => {
  await writeFile(join(root, 'b'), Uint8Array.of(1, 2, 3, 4));
  await writeFile(join(root, 'a'), '');
  await mkdir(join(root, 'sub'));
  await writeFile(join(root, 'sub', 'c'), 'c');
  const source = await directorySource(root);
  expect(await source.list()).toEqual(['a', 'b']);
  expect(await source.list('sub')).toEqual(['c']);
  await expect(source.list('gone')).rejects.toThrow(/gone: expected a folder, got none/);
  await expect(source.list('..')).rejects.toThrow(/relative path inside/);
  expect(await source.size('b')).toBe(4);
  expect(await source.read('b', 1, 2)).toEqual(Uint8Array.of(2, 3));
  expect(await source.read('b', 4, 0)).toEqual(new Uint8Array(0));
  expect(await source.read('sub/c', 0, 1)).toEqual(Uint8Array.of(0x63));
  await expect(source.read('b', 3, 2)).rejects.toThrow(
    /b: expected bytes 3\.\.5 inside the file, got a file of 4/,
  );
});

testSymlinks(
  'a hub cache: snapshots of symlinks into blobs are followed, localPath is the blob',
  async () => {
    const snapshot = join(root, 'models--x', 'snapshots', 'rev');
    const blobs = join(root, 'models--x', 'blobs');
    await mkdir(snapshot, { recursive: true });
    await mkdir(blobs);
    await writeFile(join(blobs, 'c0ffee'), '{"model_type":"bert"}');
    await writeFile(
      join(blobs, 'beef'),
      await safetensorsBytes([{ name: 'a', shape: [2], data: Float32Array.of(1, 2) }]),
    );
    await symlink(join('..', '..', 'blobs', 'c0ffee'), join(snapshot, 'config.json'));
    await symlink(join('..', '..', 'blobs', 'beef'), join(snapshot, 'model.safetensors'));
    await symlink(snapshot, join(root, 'link'));
    const source = await directorySource(join(root, 'link'));
    const { tensors } = await openCheckpoint(source);
    expect(Array.from(await tensors.read('a'))).toEqual([1, 2]);
    expect(await source.localPath(tensors.location('a')!.file)).toBe(join(blobs, 'beef'));
  },
);

testSymlinks('a dangling link is listed, and reading it names it', async () => {
  await symlink(join(root, 'gone'), join(root, 'config.json'));
  const source = await directorySource(root);
  expect(await source.list()).toEqual(['config.json']);
  await expect(source.size('config.json')).rejects.toThrow(/config\.json: expected a file, got none/);
});

test.each(['../outside', '/etc/passwd', 'a/../../outside', 'x\0', '..\\outside', ''])(
  '%j is refused',
  async (path) => {
    await mkdir(join(root, 'inside'));
    await writeFile(join(root, 'outside'), 'secret');
    const source = await directorySource(join(root, 'inside'));
    await expect(source.read(path, 0, 1)).rejects.toThrow(FileSourceError);
    await expect(source.size(path)).rejects.toThrow(/relative path inside/);
    await expect(source.localPath(path)).rejects.toThrow(/relative path inside/);
  },
);

test('a missing directory, a file in its place, and a directory as a file are errors', async () => {
  await writeFile(join(root, 'file'), '');
  await mkdir(join(root, 'sub'));
  await expect(directorySource(join(root, 'none'))).rejects.toThrow(/none: expected a directory, got none/);
  await expect(directorySource(join(root, 'file'))).rejects.toThrow(/file: expected a directory, got a file/);
  await expect((await directorySource(root)).size('sub')).rejects.toThrow(/sub: expected a regular file/);
});
