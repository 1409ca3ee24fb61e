import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointToSave } from '@rag/models/node';
import type { SessionState } from '@rag/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../node/node-files.js';
import { type Checkpoints, checkpointsOf } from './checkpoints.js';

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

const session: SessionState = {
  step: 7,
  parameters: [{ name: 'a', shape: [1] }],
  read: async (_, part) => Float32Array.of(part.length),
};
const save = (checkpoints: Checkpoints, name: string, value = 1) =>
  checkpoints.save(name, model(value), session, (parameters) => JSON.stringify({ name, parameters }));

test('a checkpoint is a model directory with the state of its training beside it', async () => {
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 2 });
  const saved = await save(checkpoints, 'checkpoint_0');
  expect(saved).toEqual({ name: 'checkpoint_0', path: `${output}/runs/checkpoints/checkpoint_0` });
  expect(await listing(saved.path)).toEqual([
    ...['config.json', 'model.safetensors', 'optimizer.safetensors', 'trainer_state.json', 'vocab.txt'],
  ]);
  const state = JSON.parse(await readFile(join(saved.path, 'trainer_state.json'), 'utf8'));
  expect(state).toMatchObject({
    name: 'checkpoint_0',
    parameters: { a: { digests: Array(3).fill(expect.any(Number)) } },
  });
});

test('keeps the latest of this run, and the best whenever it was', async () => {
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 2, kept: ['step_1'] });
  for (const name of ['step_2', 'checkpoint_0', 'step_3']) {
    await save(checkpoints, name);
    await checkpoints.rotate('step_2');
  }
  expect(checkpoints.kept).toEqual(['step_2', 'step_3']);
  expect(await listing(folder())).toEqual(['step_2', 'step_3']);
  await save(checkpoints, 'step_4');
  await checkpoints.rotate('step_4');
  expect(checkpoints.kept).toEqual(['step_3', 'step_4']);
  const one = checkpointsOf(nodeFiles, output, { most: 1, kept: ['step_3', 'step_4'] });
  await save(one, 'step_5');
  await one.rotate('step_3');
  expect(await listing(folder())).toEqual(['step_3', 'step_5']);
  await one.rotate();
  expect(await listing(folder())).toEqual(['step_5']);
});

test('a removal that is cut off leaves no checkpoint', async () => {
  const removed: string[] = [];
  const files = {
    saveModel: async () => {},
    removeModel: async (_: string, names: readonly string[]) => void removed.push(...names),
  };
  const checkpoints = checkpointsOf(files, output, { most: 1, earlier: ['step_1'] });
  await save(checkpoints, 'step_2');
  expect(removed[0]).toBe('trainer_state.json');
  expect(removed).toContain('vocab.txt');
});

test('never removes what it did not write', async () => {
  const before = checkpointsOf(nodeFiles, output, { most: 5 });
  await save(before, 'checkpoint_7');
  await save(before, 'checkpoint_8');
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 1 });
  await save(checkpoints, 'checkpoint_0');
  await writeFile(join(folder(), 'checkpoint_0', 'notes.txt'), 'mine');
  await save(checkpoints, 'checkpoint_1');
  await checkpoints.rotate();
  expect(await listing(folder())).toEqual(['checkpoint_0', 'checkpoint_1', 'checkpoint_7', 'checkpoint_8']);
  expect(await listing(join(folder(), 'checkpoint_0'))).toEqual(['notes.txt']);
});

test('checkpoints of the run that is replaced go when the first of this run is written', async () => {
  const before = checkpointsOf(nodeFiles, output, { most: 5 });
  for (const epoch of [0, 1, 2]) await save(before, `checkpoint_${epoch}`);
  await writeFile(join(output, 'precious'), 'mine');
  const earlier = [...before.kept, '../../precious', 'checkpoint_9'];
  const checkpoints = checkpointsOf(nodeFiles, output, { most: 5, earlier });
  expect(await listing(folder())).toHaveLength(3);
  await save(checkpoints, 'checkpoint_0');
  expect(await listing(folder())).toEqual(['checkpoint_0']);
  expect(await readFile(join(output, 'precious'), 'utf8')).toBe('mine');
});
