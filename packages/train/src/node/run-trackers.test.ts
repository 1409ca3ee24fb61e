import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runTrackers } from './run-trackers.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-trackers-'));
});
afterEach(() => rm(folder, { recursive: true }));

const place = (environment: Readonly<Record<string, string>> = {}) => {
  const [printed, said] = [[] as string[], [] as string[]];
  return {
    ...{ printed, said, environment },
    output: { write: (text: string) => printed.push(text) },
    say: (line: string) => void said.push(line),
  };
};
const run = { id: 'abc', name: 'a run', project: 'rag-reranker', config: { lr: 0.1 } };

test('a run without trackers has none', () => {
  expect(runTrackers({ logWith: [], outputDir: folder }, place())).toBeUndefined();
});

test('every tracker that is named is told, each in its place', async () => {
  const { printed, said, ...where } = place({ WANDB_MODE: 'offline', WANDB_PROJECT: 'ours' });
  const settings = { logWith: ['console', 'jsonl', 'tensorboard', 'wandb'] as const, outputDir: folder };
  const tracker = runTrackers(settings, where)!;
  tracker.start(run);
  tracker.scalars(1, { 'train/loss': 0.5 });
  await tracker.finish('finished', AbortSignal.timeout(60_000));
  expect(said).toEqual([]);
  expect(printed.join('')).toContain('1 · train/loss 0.5000');
  const lines = (await readFile(join(folder, 'tracking/log.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['run', 'scalars', 'end']);
  expect(await readdir(join(folder, 'tracking/tensorboard'))).toEqual([
    expect.stringMatching(/^events\.out\.tfevents\.\d{10}\.abc\.0$/),
  ]);
  const [offline] = await readdir(join(folder, 'wandb'));
  expect(offline).toMatch(/^offline-run-\d{8}_\d{6}-abc$/);
  const record = await readFile(join(folder, 'wandb', offline!, 'run-abc.wandb'), 'latin1');
  expect(record).toContain('ours');
  expect(record).not.toContain('rag-reranker');
});

test('project_name beats the environment', async () => {
  const settings = { logWith: ['wandb'] as const, outputDir: folder, projectName: 'mine' };
  const tracker = runTrackers(settings, place({ WANDB_MODE: 'offline', WANDB_PROJECT: 'ours' }))!;
  tracker.start(run);
  await tracker.finish('finished', AbortSignal.timeout(60_000));
  const [offline] = await readdir(join(folder, 'wandb'));
  const record = await readFile(join(folder, 'wandb', offline!, 'run-abc.wandb'), 'latin1');
  expect(record).toContain('mine');
  expect(record).not.toContain('ours');
});

test.each([
  ['wandb', { WANDB_MODE: 'online' }, 'wandb: expected an API key in WANDB_API_KEY, got none — set it'],
  ['wandb', { WANDB_MODE: 'dryrun' }, 'WANDB_MODE: expected online, offline or disabled, got "dryrun"'],
  ['mlflow', {}, 'mlflow: expected the address of a server, got none — set MLFLOW_TRACKING_URI'],
] as const)(
  '%s without what it needs is an error before anything is trained',
  (name, environment, message) => {
    expect(() => runTrackers({ logWith: [name], outputDir: folder }, place(environment))).toThrow(message);
  },
);

test('wandb without an account is offline, which is said; WANDB_MODE=disabled leaves it out', async () => {
  const settings = { logWith: ['wandb'] as const, outputDir: folder };
  const { said, ...where } = place();
  const tracker = runTrackers(settings, where)!;
  tracker.start(run);
  await tracker.finish('finished', AbortSignal.timeout(60_000));
  expect(said).toEqual([`wandb: no WANDB_API_KEY: offline, into ${folder}/wandb, which wandb sync sends`]);
  expect(await readdir(join(folder, 'wandb'))).toHaveLength(1);
  const off = place({ WANDB_MODE: 'disabled' });
  expect(runTrackers(settings, off)).toBeUndefined();
  expect(off.said).toEqual(['wandb: off, as WANDB_MODE says']);
});
