import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from './node-files.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-files-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('texts are written with their directory and read back; what is absent is undefined', async () => {
  const path = join(root, 'a', 'b', 'run.json');
  expect(await nodeFiles.readText(path)).toBeUndefined();
  await nodeFiles.writeText(path, 'one');
  await nodeFiles.writeText(path, 'two');
  expect(await nodeFiles.readText(path)).toBe('two');
  expect(await nodeFiles.list(join(root, 'a', 'b'))).toEqual(['run.json']);
  expect(await nodeFiles.list(join(root, 'none'))).toEqual([]);
  expect(await nodeFiles.list(join(path, 'below-a-file'))).toEqual([]);
  await expect(nodeFiles.readText(root)).rejects.toThrow('EISDIR');
});

test('a model directory, none, and a file in its place', async () => {
  await writeFile(join(root, 'config.json'), '{}');
  expect(await (await nodeFiles.openModel(root))!.list()).toEqual(['config.json']);
  expect(await nodeFiles.openModel(join(root, 'BAAI', 'bge'))).toBeUndefined();
  await expect(nodeFiles.openModel(join(root, 'config.json'))).rejects.toThrow('expected a directory');
});

test('of a model directory all files are known but those of others', async () => {
  const directory = join(root, 'model');
  expect(await nodeFiles.foreignFiles(directory, [])).toEqual([]);
  await mkdir(directory);
  for (const name of [
    'config.json',
    'model.safetensors',
    'colbert_linear.pt',
    'README.md',
    'state.json',
    'mine.txt',
  ])
    await writeFile(join(directory, name), '');
  expect(await nodeFiles.foreignFiles(directory, ['state.json'])).toEqual(['mine.txt']);
  expect(await nodeFiles.foreignFiles(join(directory, 'mine.txt', 'below'), [])).toEqual([]);
});

test('removes named files and the directory that is empty then', async () => {
  const directory = join(root, 'model');
  await mkdir(directory);
  for (const name of ['a', 'b']) await writeFile(join(directory, name), '');
  await nodeFiles.removeModel(directory, ['a', 'absent']);
  expect(await readdir(directory)).toEqual(['b']);
  await nodeFiles.removeModel(directory, ['b']);
  expect(await readdir(root)).toEqual([]);
  await nodeFiles.removeModel(directory, ['b']);
});

test('a directory of a model’s own files goes at once, with those that nobody named', async () => {
  const directory = join(root, 'model');
  await mkdir(join(directory, '1_Pooling'), { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'state.json', '1_Pooling/config.json'])
    await writeFile(join(directory, name), '');
  await nodeFiles.removeModel(directory, ['absent']);
  expect((await readdir(directory)).sort()).toEqual([
    ...['1_Pooling', 'config.json', 'state.json', 'tokenizer.json'],
  ]);
  await nodeFiles.removeModel(directory, ['state.json']);
  expect(await readdir(root)).toEqual([]);
});

test('folders of a model go with their files, others stay', async () => {
  const directory = join(root, 'model');
  await mkdir(join(directory, '1_Pooling'), { recursive: true });
  await mkdir(join(directory, 'notes'));
  await writeFile(join(directory, '1_Pooling', 'config.json'), '');
  await nodeFiles.removeModel(directory, ['1_Pooling/config.json', '2_Dense/absent.json']);
  expect(await readdir(directory)).toEqual(['notes']);
});

test('directories are made level by level, and what cannot be one is an error', async () => {
  const path = join(root, 'a', 'b', 'c');
  await nodeFiles.makeDirectory(path);
  await nodeFiles.makeDirectory(path);
  expect(await readdir(path)).toEqual([]);
  await writeFile(join(path, 'file'), '');
  await expect(nodeFiles.makeDirectory(join(path, 'file'))).rejects.toThrow('EEXIST');
  await expect(nodeFiles.makeDirectory(join(path, 'file', 'below'))).rejects.toThrow(/ENOTDIR|EEXIST/);
});

test('removes what a process was writing when it died, by its name', async () => {
  const names = [
    '.step_7.0123456789ab.tmp',
    '.model.0123456789ab.tmp',
    '.step_7.tmp',
    'step_7',
    '.other.0123456789ab.tmp',
  ];
  for (const name of names) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'config.json'), '{}');
  }
  await nodeFiles.removeUnfinished(root, (name) => ['step_7', 'model'].includes(name));
  expect((await readdir(root)).sort()).toEqual(names.slice(2).sort());
  await nodeFiles.removeUnfinished(join(root, 'none'), () => true);
});
