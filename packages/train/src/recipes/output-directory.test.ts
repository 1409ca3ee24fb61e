import { expect, test } from 'vitest';
import type { RunFiles } from '../run-files.js';
import { claimOutput, makeOutput, refuseForeign } from './output-directory.js';

const filesOf = (parts: Partial<RunFiles>) => parts as RunFiles;

test('a directory that cannot be made is named', async () => {
  const files = filesOf({ makeDirectory: async () => Promise.reject(new Error('read-only')) });
  await expect(makeOutput(files, 'out')).rejects.toThrow(
    'output_dir: expected a directory that can be made, got out (read-only)',
  );
});

test('files of others in a run’s models are named, those of checkpoints too', async () => {
  const files = (foreign: string) =>
    filesOf({
      list: async () => ['checkpoint_0', 'notes'],
      foreignFiles: async (path) => (path === foreign ? ['mine.txt'] : []),
    });
  await refuseForeign(files('elsewhere'), 'out');
  for (const place of ['model', 'runs/checkpoints/checkpoint_0'])
    await expect(refuseForeign(files(`out/${place}`), 'out')).rejects.toThrow(
      `expected only files of an earlier run in out/${place}, got mine.txt`,
    );
});

test('is taken by one run, which clears away what another was writing when it was killed', async () => {
  const calls: string[] = [];
  const files = filesOf({
    makeDirectory: async (path) => void calls.push(`make ${path}`),
    lock: async (path) => {
      calls.push(`lock ${path}`);
      return async () => {};
    },
    removeUnfinished: async (path, isName) => {
      const names = ['model', 'run.json', 'step_7', 'checkpoint_1', 'notes.txt', 'runs'];
      calls.push(`clear ${path}: ${names.filter(isName).join(' ')}`);
    },
  });
  await claimOutput(files, 'out');
  expect(calls).toEqual([
    ...['make out', 'lock out', 'clear out: model run.json'],
    'clear out/runs/checkpoints: step_7 checkpoint_1',
  ]);
});
