import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readArtifacts, replaceFile, writeArtifacts } from './directory.js';
import { ArtifactError } from './error.js';

const artifacts = {
  trainingModel: Uint8Array.of(1, 2, 3),
  evalModel: Uint8Array.of(4),
  optimizerModel: Uint8Array.of(5, 6),
  checkpoint: Uint8Array.of(7),
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'artifacts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('writes the four files into a new directory and reads them back', async () => {
  const directory = join(root, 'run', 'a b');
  await writeArtifacts(directory, artifacts);
  expect((await readdir(directory)).sort()).toEqual([
    'checkpoint',
    'eval_model.onnx',
    'optimizer_model.onnx',
    'training_model.onnx',
  ]);
  const read = await readArtifacts(directory);
  for (const kind of ['trainingModel', 'evalModel', 'optimizerModel', 'checkpoint'] as const) {
    expect([...read[kind]]).toEqual([...artifacts[kind]]);
  }
});

test('overwrites its own files and leaves others alone', async () => {
  await writeFile(join(root, 'config.json'), '{}');
  await writeArtifacts(root, artifacts);
  await writeArtifacts(root, { ...artifacts, checkpoint: Uint8Array.of(9, 9) });
  expect([...(await readArtifacts(root)).checkpoint]).toEqual([9, 9]);
  expect(await readdir(root)).toHaveLength(5);
});

test('a write that fails keeps the old files and leaves no temporary ones', async () => {
  await writeArtifacts(root, artifacts);
  await rm(join(root, 'checkpoint'));
  await mkdir(join(root, 'checkpoint', 'occupied'), { recursive: true });
  await expect(replaceFile(join(root, 'checkpoint'), Uint8Array.of(8))).rejects.toThrow(ArtifactError);
  expect((await readdir(root)).sort()).toEqual([
    'checkpoint',
    'eval_model.onnx',
    'optimizer_model.onnx',
    'training_model.onnx',
  ]);
  expect([...(await readFile(join(root, 'eval_model.onnx')))]).toEqual([4]);
});

test('a directory below a file is an error that names the path', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(writeArtifacts(join(root, 'file', 'run'), artifacts)).rejects.toThrow(
    /training_model\.onnx: expected a place to write, got (ENOTDIR|EEXIST)/,
  );
});

test('a missing and an empty file are errors that name it', async () => {
  await writeArtifacts(root, artifacts);
  await writeFile(join(root, 'eval_model.onnx'), '');
  await expect(readArtifacts(root)).rejects.toThrow(/eval_model\.onnx: .*got 0 bytes/);
  await rm(join(root, 'eval_model.onnx'));
  await expect(readArtifacts(root)).rejects.toThrow(/eval_model\.onnx: .*got ENOENT/);
});
