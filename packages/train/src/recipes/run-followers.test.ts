import { expect, test } from 'vitest';
import { resolveEmbedding } from '../config/embedding-config.js';
import { settingsOf } from '../config/resolve.js';
import type { Tracker } from '../trackers/tracker.js';
import type { StepEvent } from '../trainer.js';
import { followRun, freshRunId } from './run-followers.js';

const settings = { modelNameOrPath: 'm', trainDataset: 'rows.jsonl', logInterval: 2, token: 'hf_secret' };

function followed(more: object = {}, gone: Partial<Parameters<typeof followRun>[1]> = {}) {
  const told: unknown[][] = [];
  const tell =
    (kind: string) =>
    (...given: unknown[]) =>
      void told.push([kind, ...given]);
  const tracker: Tracker = {
    name: 'all',
    start: tell('start'),
    scalars: tell('scalars'),
    text: tell('text'),
    histogram: tell('histogram'),
    artifact: tell('artifact'),
    finish: async (outcome) => tell('finish')(outcome),
  };
  const said: string[] = [];
  const steps: StepEvent[] = [];
  const listener = {
    say: (line: string) => void said.push(line),
    step: (event: StepEvent) => steps.push(event),
  };
  const resolved = resolveEmbedding([settingsOf({ ...settings, ...more })]);
  const run = { id: 'abc', task: 'embedding', resolved, totalUpdates: 3, ...gone };
  return { told, said, steps, followers: followRun({ listener, tracker }, run) };
}

const event = (update: number, loss: number): StepEvent => ({
  ...{ update, loss, totalUpdates: 3, epoch: 0, epochs: 1, meanLoss: loss, learningRate: 0.5 },
  ...{ gradientNorm: 2, tokens: 10 * update, tokensPerSecond: 7, secondsLeft: 1 },
});

test('trackers hear of the run without secrets, of every interval, and of the rest at the end', async () => {
  const { told, steps, followers } = followed();
  for (const [update, loss] of [
    [1, 3],
    [2, 1],
    [3, 5],
  ] as const)
    followers.step(event(update, loss));
  await followers.finish('finished');
  expect(steps).toHaveLength(3);
  const [[, run], ...rest] = told as [
    [string, { name: string; project: string; config: object }],
    ...unknown[],
  ];
  expect(run).toMatchObject({ id: 'abc', name: 'embedding-abc', project: 'rag-embedding', totalSteps: 3 });
  expect(run.config).toMatchObject({ task: 'embedding', log_interval: 2 });
  expect(JSON.stringify(run)).not.toContain('hf_secret');
  const values = { 'train/learning_rate': 0.5, 'train/grad_norm': 2, 'train/tokens_per_second': 7 };
  expect(rest).toEqual([
    ['scalars', 2, { ...values, 'train/loss': 2, 'train/epoch': 2 / 3, 'train/tokens': 20 }],
    ['scalars', 3, { ...values, 'train/loss': 5, 'train/epoch': 1, 'train/tokens': 30 }],
    ['finish', 'finished'],
  ]);
});

test('what is measured and saved is said and tracked, under the names that were asked for', () => {
  const { told, said, followers } = followed({ runName: 'mine', projectName: 'ours' });
  followers.evaluated(0, { text: 'a table', metrics: { 'ndcg@10': 0.5 } });
  followers.saved(2, 'checkpoint', 'out/runs/checkpoints/checkpoint_0');
  followers.saved(3, 'model', 'out/model');
  expect(said).toEqual([
    'a table',
    'checkpoint: out/runs/checkpoints/checkpoint_0',
    'final model: out/model',
  ]);
  expect(told).toEqual([
    ['start', expect.objectContaining({ name: 'mine', project: 'ours' })],
    ['scalars', 0, { 'eval/ndcg@10': 0.5 }],
    ['artifact', 2, { name: 'update-2', type: 'checkpoint', uri: 'out/runs/checkpoints/checkpoint_0' }],
    ['artifact', 3, { name: 'model', type: 'model', uri: 'out/model' }],
  ]);
});

test('no two runs have one name', () => {
  expect(freshRunId()).toMatch(/^[0-9a-f]{8}$/);
  expect(freshRunId()).not.toBe(freshRunId());
});

test('a run that goes on keeps its id and its log, and tells from where it does', () => {
  const first = followed();
  for (const update of [1, 2, 3]) first.followers.step(event(update, update));
  const cut = followed();
  cut.followers.step(event(1, 1));
  const { told, followers } = followed({}, { resumeFrom: 1, log: cut.followers.logState() });
  for (const update of [2, 3]) followers.step(event(update, update));
  expect(followers.history).toEqual(first.followers.history);
  expect(told[0]).toEqual(['start', expect.objectContaining({ id: 'abc', resumeFrom: 1 })]);
  expect(told.slice(1)).toEqual(first.told.slice(1));
});
