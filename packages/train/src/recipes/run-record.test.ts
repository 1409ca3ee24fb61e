import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveReranker } from '../config/reranker-config.js';
import { settingsOf } from '../config/resolve.js';
import { nodeFiles } from '../node/node-files.js';
import { earlierCheckpoints, type RunFacts, runRecord, trainingConfig } from './run-record.js';

let output: string;
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'run-record-'));
});
afterEach(() => rm(output, { recursive: true, force: true }));

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
    `output_dir: expected no earlier run in ${output}, got run.json — choose another directory, say overwrite_output_dir: true, or --resume where it is to go on`,
  );
  expect(await earlierCheckpoints(nodeFiles, output, true)).toEqual(['checkpoint_0']);
});

test.each(['', 'null', '{"checkpoints": [', '7'])('a run.json of %j is no earlier run', async (text) => {
  await nodeFiles.writeText(join(output, 'run.json'), text);
  await expect(earlierCheckpoints(nodeFiles, output, true)).rejects.toThrow(
    'expected the JSON of an earlier run in',
  );
});
