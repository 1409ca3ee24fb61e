import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeFiles } from '../node/node-files.js';
import { tasks } from '../recipes/tasks.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { measureRun } from './measure-run.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-probe-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const platform = { files: nodeFiles, threads: 1, version: '0', versions: {}, seconds: 0, now: () => 0 };
const reranker = () => {
  const settings = {
    ...{ model_name_or_path: tiny.model, init_from_config: true, loss_type: 'group_softmax' },
    ...{ train_dataset: [tiny.train], val_dataset: [tiny.val], batch_size: 4, epochs: 1 },
    output_dir: join(folder, 'out'),
  };
  const layer = Object.entries(settings).map(([key, value]) => ({ key, value, where: `--${key}` }));
  return { task: 'reranker', resolved: tasks.reranker.resolve([layer]) } as const;
};

test('the run’s own batches, the one with most tokens first; nothing is written', async () => {
  const before = await readdir(folder);
  let resident = 1000;
  let most = 1500;
  const peakBytes = () => ++most;
  const found = await measureRun(reranker(), { ...platform, residentBytes: () => resident++, peakBytes });
  expect(found.batches).toMatchObject({ batches: 2, largest: { place: 0 } });
  expect(found.batches.largest.tokens).toBeGreaterThan(found.batches.tokensPerEpoch / 4);
  expect(found.updates).toMatchObject({ updates: 1, isFirst: true });
  // Once before the session is open, then behind the batch and behind the update; more in between.
  expect(found.updates.peakBytes).toBe(1002);
  expect(found.measured).toEqual({ training: 502, process: 1502 });
  expect(found.planned.total).toBeGreaterThan(found.planned.parameters * 4 - 1);
  expect(found.evaluationSecondsPerToken).toBe(0);
  expect(await readdir(folder)).toEqual(before);
});

test('a plan beyond the machine’s memory is refused before weights are read', async () => {
  await expect(measureRun(reranker(), { ...platform, memoryBytes: 2 ** 20 })).rejects.toThrow(
    /^memory: expected a run within the 1 MiB of this machine, got a plan of \d+ MiB — /,
  );
});
