import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveReranker } from '../config/reranker-config.js';
import { settingsOf } from '../config/resolve.js';
import { nodeFiles } from '../node/node-files.js';
import type { StepEvent } from '../trainer.js';
import { earlierCheckpoints, type RunFacts, runRecord, stepLog, trainingConfig } from './run-record.js';

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

test('skipped updates are counted and stay out of the mean', () => {
  const log = stepLog(3);
  for (const [i, loss] of [4, Number.NaN, 2].entries())
    log.add({
      ...({ epoch: 0, learningRate: 1, gradientNorm: 9, lossScale: 2 ** (16 - i) } as StepEvent),
      ...{ update: i + 1, totalUpdates: 3, loss, ...(Number.isNaN(loss) && { skipped: true as const }) },
    });
  expect(log.entries).toEqual([
    { epoch: 0, update: 3, loss: 3, learningRate: 1, gradientNorm: 9, skipped: 1, lossScale: 16384 },
  ]);
});

const resolved = resolveReranker([
  settingsOf({
    modelNameOrPath: '/home/me/secret-project/m',
    trainDataset: ['/home/me/d.jsonl', 'C:\\me\\e.jsonl'],
    outputDir: '/home/me/out',
    cacheDir: '/home/me/cache',
    fp16: true,
    token: 'hf_secret',
  }),
]);
const file = { file: 'd.jsonl', bytes: 3, rows: 1, sha256: 'ab' };
const facts: RunFacts = {
  id: 'r1',
  task: 'reranker',
  version: '1.2.3',
  versions: { node: '20' },
  threads: 2,
  ran: { max_len: 64 },
  data: {
    summary: {
      rows: 1,
      shapes: { lists: 1 },
      skipped: { 'bad-json': { count: 1, first: '/home/me/d.jsonl:2' } },
    },
    fingerprint: 'abc',
  },
  val: { fingerprint: 'def', queries: 2 },
  files: { train: [file], val: [{ ...file, file: 'v.jsonl' }] },
  start: {
    modelType: 'bert',
    fresh: ['a'],
    weights: new Map([['a', new Float32Array(1)]]),
    base: { name: 'org/m', commit: 'cc' },
  },
};
const result = { updates: 1, tokens: 2, seconds: 3, meanLoss: 4 };
const shared = {
  rag: '1.2.3',
  versions: { node: '20' },
  task: 'reranker',
  ran: { precision: 'fp32', threads: 2, max_len: 64 },
  model: { name: 'org/m', commit: 'cc', model_type: 'bert', fresh: 'all' },
  train: { fingerprint: 'abc', files: [file] },
  val: { fingerprint: 'def', queries: 2, files: [{ file: 'v.jsonl' }] },
};

test('run.json tells what was asked for, what ran and what came of it', () => {
  const text = runRecord(resolved, facts, {
    result,
    history: [],
    checkpoints: ['checkpoint_0'],
    evaluation: undefined,
    comparison: { queries: 3 } as never,
  });
  expect(JSON.parse(text).comparison).toEqual({ queries: 3 });
  expect(JSON.parse(text)).toMatchObject({
    ...shared,
    settings: { model_name_or_path: '/home/me/secret-project/m', fp16: true, lr: 5e-5 },
    not_active: [{ key: 'fp16', running: 'fp32' }],
    result,
    checkpoints: ['checkpoint_0'],
  });
  expect(text).not.toContain('hf_secret');
});

test('training_config.json goes with the model: no paths, no places, no secrets', () => {
  const text = trainingConfig(resolved, facts, { result, evaluation: { queries: 2 } });
  const config = JSON.parse(text);
  expect(config).toMatchObject({ ...shared, result, evaluation: { queries: 2 } });
  expect(config.settings).toMatchObject({ train_dataset: ['d.jsonl', 'e.jsonl'], lr: 5e-5 });
  expect(config.train.summary).toEqual({ rows: 1, shapes: { lists: 1 } });
  for (const word of ['/home', 'me\\\\', 'secret', '"output_dir"', 'cache_dir', 'model_name_or_path'])
    expect(text).not.toContain(word);
  const { result: none, evaluation, ...before } = JSON.parse(trainingConfig(resolved, facts));
  expect([none, evaluation]).toEqual([undefined, undefined]);
  expect(before).toMatchObject(shared);
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

test.each(['', 'null', '{"checkpoints": [', '7'])('a run.json of %j is no earlier run', async (text) => {
  await nodeFiles.writeText(join(output, 'run.json'), text);
  await expect(earlierCheckpoints(nodeFiles, output, true)).rejects.toThrow(
    'expected the JSON of an earlier run in',
  );
});
