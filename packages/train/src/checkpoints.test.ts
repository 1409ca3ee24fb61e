import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointToSave } from '@rag/models/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkpointsOf } from './checkpoints.js';
import { nodeFiles } from './node/node-files.js';

let output: string;
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterEach(() => rm(output, { recursive: true, force: true }));

const folder = () => join(output, 'runs', 'checkpoints');
const model = (value: number): CheckpointToSave => ({
  config: { model_type: 'bert' },
  tensors: [{ name: 'a', shape: [1], data: Float32Array.of(value) }],
  files: { 'vocab.txt': '[PAD]\n' },
});
const listing = async (path: string) => (await readdir(path)).sort();

test('a checkpoint is a model directory with the trainer’s state beside it', async () => {
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 2 });
  const saved = await checkpoints.save(0, model(1), { epoch: 0, update: 7 });
  expect(saved).toEqual({ name: 'checkpoint_0', path: `${output}/runs/checkpoints/checkpoint_0` });
  expect(await listing(saved.path)).toEqual([
    ...['config.json', 'model.safetensors', 'trainer_state.json', 'vocab.txt'],
  ]);
  expect(JSON.parse(await readFile(join(saved.path, 'trainer_state.json'), 'utf8'))).toEqual({
    epoch: 0,
    update: 7,
  });
});

test('keeps the latest of this run', async () => {
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 2 });
  for (let epoch = 0; epoch < 4; epoch++) await checkpoints.save(epoch, model(epoch), { epoch });
  expect(checkpoints.kept).toEqual(['checkpoint_2', 'checkpoint_3']);
  expect(await listing(folder())).toEqual(['checkpoint_2', 'checkpoint_3']);
});

test('never removes what it did not write', async () => {
  const before = checkpointsOf(nodeFiles, output, { most: 5 });
  await before.save(7, model(7), {});
  await before.save(8, model(8), {});
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 1 });
  await checkpoints.save(0, model(0), {});
  await writeFile(join(folder(), 'checkpoint_0', 'notes.txt'), 'mine');
  await checkpoints.save(1, model(1), {});
  expect(await listing(folder())).toEqual(['checkpoint_0', 'checkpoint_1', 'checkpoint_7', 'checkpoint_8']);
  expect(await listing(join(folder(), 'checkpoint_0'))).toEqual(['notes.txt']);
});

test('checkpoints of the run that is replaced go when the first of this run is written', async () => {
  const before = checkpointsOf(nodeFiles, output, { most: 5 });
  for (const epoch of [0, 1, 2]) await before.save(epoch, model(epoch), {});
  await writeFile(join(output, 'precious'), 'mine');
  const earlier = [...before.kept, '../../precious', 'checkpoint_9'];
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 5, earlier });
  expect(await listing(folder())).toHaveLength(3);
  await checkpoints.save(0, model(0), {});
  expect(await listing(folder())).toEqual(['checkpoint_0']);
  expect(await readFile(join(output, 'precious'), 'utf8')).toBe('mine');
});
