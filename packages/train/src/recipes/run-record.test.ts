import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveReranker } from '../config/reranker-config.js';
import { settingsOf } from '../config/resolve.js';
import { nodeFiles } from '../node/node-files.js';
import type { StepEvent } from '../trainer.js';
import { earlierCheckpoints, runRecord, stepLog } from './run-record.js';

let output: string;
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'run-record-'));
});
afterEach(() => rm(output, { recursive: true, force: true }));

test('the log has a line per interval, with the mean of its updates, and one for the rest', () => {
  const log = stepLog(2);
  for (const [i, loss] of [4, 2, 5].entries())
    log.add({
      ...({ epoch: 0, learningRate: i, gradientNorm: 9 } as StepEvent),
      ...{ update: i + 1, totalUpdates: 3, loss },
    });
  expect(log.entries).toEqual([
    { epoch: 0, update: 2, loss: 3, learningRate: 1, gradientNorm: 9 },
    { epoch: 0, update: 3, loss: 5, learningRate: 2, gradientNorm: 9 },
  ]);
});

test('run.json tells what was asked for, what ran and what came of it', () => {
  const resolved = resolveReranker([
    settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', fp16: true, token: 'hf_secret' }),
  ]);
  const text = runRecord(
    resolved,
    {
      task: 'reranker',
      version: '1.2.3',
      threads: 2,
      ran: { max_len: 64 },
      data: { summary: {}, fingerprint: 'abc' },
      val: undefined,
      start: {
        modelType: 'bert',
        fresh: ['a'],
        weights: new Map([['a', new Float32Array(1)]]),
      },
    },
    {
      result: { updates: 1, tokens: 2, seconds: 3, meanLoss: 4 },
      history: [],
      checkpoints: ['checkpoint_0'],
      evaluation: undefined,
    },
  );
  expect(JSON.parse(text)).toMatchObject({
    rag: '1.2.3',
    settings: { model_name_or_path: 'm', train_dataset: ['d'], fp16: true, lr: 5e-5 },
    not_active: [{ key: 'fp16', running: 'fp32' }],
    ran: { precision: 'fp32', threads: 2, max_len: 64 },
    model: { fresh: 'all' },
    train: { fingerprint: 'abc' },
    checkpoints: ['checkpoint_0'],
  });
  expect(text).not.toContain('hf_secret');
});

test('an earlier run is replaced only when told so, and its checkpoints are named', async () => {
  expect(await earlierCheckpoints(nodeFiles, join(output, 'new'), false)).toEqual([]);
  await nodeFiles.writeText(join(output, 'notes.txt'), 'mine');
  expect(await earlierCheckpoints(nodeFiles, output, false)).toEqual([]);
  await nodeFiles.writeText(join(output, 'run.json'), '{"checkpoints": ["checkpoint_0", 7]}');
  await expect(earlierCheckpoints(nodeFiles, output, false)).rejects.toThrow(
    `output_dir: expected no earlier run in ${output}, got run.json — choose another directory, or say overwrite_output_dir: true`,
  );
  expect(await earlierCheckpoints(nodeFiles, output, true)).toEqual(['checkpoint_0']);
});
