import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { directorySource } from './directory-source.js';
import { mixModels } from './mix-models.js';
import { saveCheckpoint } from './save.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mix-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function save(name: string, value: number, count: number): Promise<string> {
  const directory = join(folder, name);
  await saveCheckpoint(directory, {
    config: { model_type: 'toy' },
    tensors: [{ name: 'w', shape: [count], data: new Float32Array(count).fill(value) }],
    files: { 'tokenizer.json': '{"model":{}}' },
  });
  return directory;
}

test('directories are mixed into a checkpoint, also over tensors of several chunks', async () => {
  const count = (1 << 20) * 2 + 3;
  const models = [await save('base', 1, count), await save('tuned', 3, count)];
  const output = join(folder, 'mixed');
  expect(await mixModels(models, { weights: [1, 3], normalize: true, output })).toEqual([]);
  expect((await readdir(output)).sort()).toEqual([
    ...['README.md', 'config.json', 'model.safetensors', 'tokenizer.json'],
  ]);
  const { tensors } = await openCheckpoint(await directorySource(output));
  const mixed = await tensors.read('w');
  expect(mixed.length).toBe(count);
  expect(mixed.every((value) => value === 2.5)).toBe(true);
});

test('a mix that fails leaves nothing', async () => {
  const models = [await save('one', 1, 2), await save('two', 3, 2)];
  const output = join(folder, 'failed');
  await expect(mixModels(models, { weights: [0.1, 0.1], output })).rejects.toThrow('expected the sum 1');
  const gone = mixModels([models[0]!, join(folder, 'no-such')], { weights: [1, 0], output });
  await expect(gone).rejects.toThrow('no-such');
  expect(await readdir(folder)).not.toContain('failed');
});
