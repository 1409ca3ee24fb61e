import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSafetensors } from '../safetensors-write.js';
import { fileSink, temporaryName, temporaryTarget, writeFileAtomically } from './file-sink.js';

const listing = async (directory: string) => (await readdir(directory)).sort();

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'file-sink-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('the old file stands until the sink is closed, then the new one', async () => {
  const path = join(root, 'f');
  await writeFile(path, 'old');
  const sink = await fileSink(path);
  await sink.write(Uint8Array.of(0x6e, 0x65));
  expect(await readFile(path, 'utf8')).toBe('old');
  await sink.write(Uint8Array.of(0x77));
  await sink.close();
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await listing(root)).toEqual(['f']);
});

test('an aborted sink leaves the old file and nothing else', async () => {
  const path = join(root, 'f');
  await writeFile(path, 'old');
  const sink = await fileSink(path);
  await sink.write(Uint8Array.of(1));
  await sink.abort();
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await listing(root)).toEqual(['f']);
});

test('a tensor that fails half-way leaves no file', async () => {
  const tensors = [
    { name: 'a', shape: [1], data: Float32Array.of(1) },
    { name: 'b', shape: [1], data: () => Promise.reject(new Error('gone')) },
  ];
  await expect(writeSafetensors(await fileSink(join(root, 'f')), tensors)).rejects.toThrow('gone');
  expect(await listing(root)).toEqual([]);
});

test('two writers of one path do not meet; a missing directory is an error', async () => {
  const path = join(root, 'f');
  await Promise.all(['one', 'two'].map((text) => writeFileAtomically(path, text)));
  expect(['one', 'two']).toContain(await readFile(path, 'utf8'));
  expect(await listing(root)).toEqual(['f']);
  await expect(writeFileAtomically(join(root, 'none', 'f'), 'x')).rejects.toThrow(/ENOENT/);
});

test('a temporary name tells what it is for, others tell nothing', () => {
  expect(temporaryTarget(temporaryName('checkpoint_0'))).toBe('checkpoint_0');
  for (const name of [
    'checkpoint_0',
    '.a.tmp',
    '.a.0123456789ab',
    'b.a.0123456789ab.tmp',
    '..0123456789ab.tmp',
  ])
    expect(temporaryTarget(name)).toBeUndefined();
});
