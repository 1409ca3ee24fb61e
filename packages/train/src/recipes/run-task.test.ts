import { expect, test } from 'vitest';
import { resolveEmbedding } from '../config/embedding-config.js';
import { settingsOf } from '../config/resolve.js';
import type { RunFiles } from '../run-files.js';
import type { OpenModel, PreparedTask } from './prepared-task.js';
import { runTask } from './run-task.js';

const settings = { modelNameOrPath: 'm', trainDataset: 'd', outputDir: 'out' };

/** A run whose parts count how often they are let go of. */
function run(
  part: Partial<PreparedTask<OpenModel, unknown>>,
  present: readonly string[] = [],
  foreign?: Record<string, readonly string[]>,
) {
  const gone = { model: 0, data: 0, lock: 0 };
  const prepared = {
    model: { dispose: () => gone.model++ },
    data: { close: async () => void gone.data++, batchesPerEpoch: 1 },
    start: { weights: new Map(), base: { name: 'm' } },
    dataFiles: { train: [], val: [] },
    ...part,
  } as unknown as PreparedTask<OpenModel, unknown>;
  let prepares = 0;
  const platform = {
    files: {
      list: async () => present,
      makeDirectory: async () => {},
      readText: async () => undefined,
      foreignFiles: async (path: string) => foreign?.[path] ?? [],
      openModel: async () => undefined,
      removeUnfinished: async () => {},
      lock: async () => async () => void gone.lock++,
    } as unknown as RunFiles,
    listener: { say: () => {}, step: () => {} },
    threads: 1,
    version: '0',
    versions: {},
  };
  const resolved = resolveEmbedding([settingsOf({ ...settings, overwriteOutputDir: foreign !== undefined })]);
  const done = runTask('embedding', resolved, platform, async () => {
    prepares++;
    return prepared;
  });
  return { done, gone, prepares: () => prepares };
}

test('an earlier run is refused before anything is opened', async () => {
  const { done, prepares } = run({}, ['model']);
  await expect(done).rejects.toThrow('expected no earlier run in out, got model');
  expect(prepares()).toBe(0);
});

test.each(['out/model', 'out/runs/checkpoints/checkpoint_1'])(
  'files of others in %s are refused before anything is opened, though an earlier run may be replaced',
  async (place) => {
    const present = ['model', 'runs', 'checkpoint_1', 'other'];
    const { done, prepares } = run({}, present, {
      [place]: ['notes.txt'],
      'out/runs/checkpoints/other': ['x'],
    });
    await expect(done).rejects.toThrow(
      `output_dir: expected only files of an earlier run in ${place}, got notes.txt — move them away`,
    );
    expect(prepares()).toBe(0);
  },
);

test('a model that cannot be evaluated and an objective that cannot be built leave nothing open', async () => {
  const fault = new Error('fault');
  const before = async () => {
    throw fault;
  };
  const build = () => {
    throw fault;
  };
  for (const part of [{ evaluator: { before } as never }, { objective: { build } }]) {
    const { done, gone } = run(part);
    await expect(done).rejects.toBe(fault);
    expect([gone.data, gone.lock]).toEqual([1, 1]);
    // A second call of dispose does nothing, in every model class.
    expect(gone.model).toBeGreaterThan(0);
  }
});
