import { expect, test } from 'vitest';
import { resolveReranker } from '../config/reranker-config.js';
import { settingsOf } from '../config/resolve.js';
import { checkSameRun, lastingSettings, type RunIdentity } from './run-identity.js';

const settings = { modelNameOrPath: 'm', trainDataset: 'd.jsonl' };
const identity = (given: object = {}, part: Partial<RunIdentity> = {}): RunIdentity => {
  const resolved = resolveReranker([settingsOf({ ...settings, ...given })]);
  return {
    task: 'reranker',
    settings: lastingSettings(resolved),
    data: { train: ['0123456789'], val: [] },
    model: 'm@1',
    threads: 2,
    versions: { node: '20', '@rag/train': '1' },
    ...part,
  };
};
const { table } = resolveReranker([settingsOf(settings)]);
const check = (now: RunIdentity, before = identity()) => checkSameRun(before, now, table);

test('what changes no number may differ, and places of the same files', () => {
  const other = {
    ...{ modelNameOrPath: 'moved/m', trainDataset: 'moved/d.jsonl', outputDir: 'elsewhere' },
    ...{ logInterval: 3, numMaxCheckpoints: 1, resumeFromCheckpoint: 'latest', token: 'secret', threads: 2 },
  };
  expect(check(identity(other))).toEqual([]);
});

test.each<[string, RunIdentity, RegExp]>([
  [
    'a rate',
    identity({ lr: 1 }),
    /^lr: expected the lr that the run began with, 0.00005, got 1 — set it back/,
  ],
  ['epochs', identity({ epochs: 9 }), /^epochs: .* 2, got 9/],
  ['a setting that was not there', identity({ warmupSteps: 4 }), /^warmup_steps: .*none, got 4/],
  [
    'rows',
    identity({}, { data: { train: ['9876543210'], val: [] } }),
    /^train_dataset: .*SHA-256 98765432 in the place of 01234567/,
  ],
  [
    'held-out rows',
    identity({}, { data: { train: ['0123456789'], val: ['ab'] } }),
    /^val_dataset: .*ab in the place of none/,
  ],
  ['the model', identity({}, { model: 'm@2' }), /^model_name_or_path: .*m@1, got m@2/],
  ['the task', identity({}, { task: 'colbert' }), /expected a run of the same task, reranker, got colbert/],
])('%s may not', (_, now, message) => {
  expect(() => check(now)).toThrow(message);
});

test('threads and versions are told', () => {
  const now = identity({}, { threads: 4, versions: { node: '22', '@rag/train': '1' } });
  expect(check(now)).toEqual([
    'threads: 4 in the place of 2: sums are taken in another order, so the last bits may differ from those of the uninterrupted run',
    'node 22 in the place of 20: numbers may differ',
  ]);
});

test('a setting that an older run did not know is at its default', () => {
  const before = identity();
  const { seed: _, ...rest } = before.settings;
  expect(check(identity(), { ...before, settings: rest })).toEqual([]);
  expect(() => check(identity({ seed: 1 }), { ...before, settings: rest })).toThrow('seed: ');
});
