import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { train } from '../node/train.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

let folder = '';
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-collapse-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** A rate that no model survives, from the second update on. */
const collapsing = (onCollapse: 'tell' | 'rollback') => {
  const said: string[] = [];
  const outputDir = join(folder, onCollapse);
  const run = train(
    {
      ...{ task: 'reranker', modelNameOrPath: tiny.model, initFromConfig: true, trainDataset: tiny.train },
      ...{ lossType: 'group_softmax', batchSize: 2, epochs: 1, lr: 1e30, warmupSteps: 3, saveSteps: 1 },
      ...{ maxGradNorm: 0, outputDir, onCollapse, threads: 1 },
    },
    { doctor: 'off', listener: { say: (line) => void said.push(line), step: () => {} } },
  );
  return { run, said, checkpoints: () => readdir(join(outputDir, 'runs/checkpoints')) };
};

test('a run whose gradients are no numbers goes back to where it was sound, at half the rate, and gives up in the end', async () => {
  const { run, said, checkpoints } = collapsing('rollback');
  await expect(run).rejects.toThrow(
    /^update \d: expected finite gradients, got .*; the run went back 3 times, and it happens again$/,
  );
  const back = said.filter((line) => line.startsWith('went back'));
  expect(back).toEqual([
    expect.stringMatching(
      /^went back to step_1 \(update 1\): the rate is 0\.5 of the settings’ from here on$/,
    ),
    expect.stringContaining('the rate is 0.25 of'),
    expect.stringContaining('the rate is 0.125 of'),
  ]);
  expect(said.filter((line) => line.startsWith('collapse: update '))).toHaveLength(4);
  // What came after it is gone: nobody shall go on from there.
  expect(await checkpoints()).toContain('step_1');
});

test('where nothing is asked for, the error is the session’s own, and the trouble is told', async () => {
  const { run, said } = collapsing('tell');
  await expect(run).rejects.toThrow(/^update: expected finite gradients, got a norm of/);
  expect(said.some((line) => line.startsWith('collapse: update '))).toBe(true);
});
