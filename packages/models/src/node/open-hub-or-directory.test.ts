import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { temporaryHub } from '../testing/temporary-hub.js';
import { openHubOrDirectory } from './open-hub-or-directory.js';

const t = temporaryHub();
const before = process.cwd();
afterEach(() => process.chdir(before));

test('a directory that is there wins over a name of the hub', async () => {
  t.hub.add('org/name', { 'config.json': '{"of":"hub"}' });
  process.chdir(t.root);
  expect(await (await openHubOrDirectory('org/name', t.options)).size('config.json')).toBe(12);
  await mkdir(join(t.root, 'org', 'name'), { recursive: true });
  await writeFile(join(t.root, 'org', 'name', 'config.json'), '{}');
  t.hub.requests.length = 0;
  expect(await (await openHubOrDirectory('org/name', t.options)).size('config.json')).toBe(2);
  expect(t.hub.requests).toEqual([]);
  await expect(openHubOrDirectory('org/name', { ...t.options, revision: 'v1' })).rejects.toThrow(
    'revision: expected a model of the hub, got "v1" of the directory org/name — leave it out',
  );
});

test('a checkpoint of the hub opens as one of a directory does', async () => {
  t.hub.add('org/name', {
    'config.json': '{"model_type":"bert"}',
    'tokenizer.json': '{}',
    'model.safetensors': await safetensorsBytes([{ name: 'a', shape: [2], data: Float32Array.of(1, 2) }]),
  });
  const source = await openHubOrDirectory('org/name', t.options);
  const { tensors, tokenizerFiles } = await openCheckpoint(source);
  expect(await tensors.read('a')).toEqual(Float32Array.of(1, 2));
  expect(tokenizerFiles).toEqual({ 'tokenizer.json': '{}' });
});

test('what is neither says both', async () => {
  for (const path of ['./none', '/none/at/all', 'a/b/c', '..', 'C:\\models\\x'])
    await expect(openHubOrDirectory(path === '..' ? '../none' : path, t.options)).rejects.toThrow(
      /expected a model directory or the name of a model of the hub, such as "BAAI\/bge-m3", got neither/,
    );
  await expect(openHubOrDirectory('org/none', t.options)).rejects.toThrow(
    /org\/none@main: expected a model of this name, got HTTP 401 .*; nor is there a directory \S*[\\/]org[\\/]none$/,
  );
  await expect(openHubOrDirectory('org/none', { ...t.options, offline: true })).rejects.toThrow(
    /expected it in the cache .*; nor is there a directory \S*[\\/]org[\\/]none$/,
  );
  await expect(openHubOrDirectory('./none', t.options)).rejects.toThrow(
    `got neither: there is no directory ${resolve('none')}, and`,
  );
  // A port that fetch refuses by its standard: nothing is ever there.
  const nowhere = {
    ...t.options,
    endpoint: 'http://127.0.0.1:1',
    timing: { ...t.options.timing, retries: 0 },
  };
  const unreached = await openHubOrDirectory('none', nowhere).catch((error: unknown) => error);
  expect(unreached).toMatchObject({
    reason: 'network',
    message: expect.stringMatching(/^none@main: expected an answer from 127\.0\.0\.1:1, got fetch failed/),
  });
  expect(String(unreached)).toContain(`; nor is there a directory ${resolve('none')}`);
  await writeFile(join(t.root, 'file'), '');
  await expect(openHubOrDirectory(join(t.root, 'file'), t.options)).rejects.toThrow(
    'expected a directory, got a file',
  );
});
