import { expect, test } from 'vitest';
import type { RunFiles } from '../run-files.js';
import { makeOutput, refuseForeign } from './output-directory.js';

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
