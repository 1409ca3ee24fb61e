import { bytesSource } from '@rag/data';
import { memorySource } from '@rag/models';
import { wordPieceTokenizerJson } from '@rag/text';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import { tasks } from '../recipes/tasks.js';
import type { RunFiles } from '../run-files.js';
import { type DoctorReport, examine } from './examine.js';
import { formatReport } from './format-report.js';
import type { MeasuredRun } from './measure-run.js';

const words = 'which river is long the nile amazon rhine and mountain high everest blanc city old rome what';
const names = [...new Set(words.split(' '))];
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...names];
const config = {
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: vocabulary.length,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
};
const model = memorySource({
  'config.json': JSON.stringify(config),
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
});

const unused = () => Promise.reject(new Error('the doctor does not write'));
const filesOf = (data: Readonly<Record<string, string>>): RunFiles => ({
  openData: async (path) => bytesSource(path, data[path]!),
  describeData: unused,
  openModel: async (path) => (path === 'model' ? model : undefined),
  saveModel: unused,
  foreignFiles: unused,
  removeModel: unused,
  removeUnfinished: unused,
  lock: unused,
  readText: async () => undefined,
  makeDirectory: unused,
  writeText: unused,
  list: async (path) => (path === 'taken' ? ['model'] : []),
});

type Settings = Readonly<Record<string, unknown>>;
const defaults = { model_name_or_path: 'model', init_from_config: true, train_dataset: 'train.jsonl' };
const layer = (settings: Settings) => [
  Object.entries({ ...defaults, ...settings }).map(([key, value]) => ({ key, value, where: `--${key}` })),
];
const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
const platformOf = (rows: readonly unknown[], val: readonly unknown[] = []) => ({
  files: filesOf({ 'train.jsonl': lines(rows), 'val.jsonl': lines(val) }),
  freeBytes: async () => 1e12,
  memoryBytes: 1e12,
});

const reranker = (rows: readonly unknown[], settings: Settings = {}, val?: readonly unknown[]) =>
  examine({ task: 'reranker', resolved: tasks.reranker.resolve(layer(settings)) }, platformOf(rows, val));
const embedding = (rows: readonly unknown[], settings: Settings = {}, val?: readonly unknown[]) =>
  examine({ task: 'embedding', resolved: tasks.embedding.resolve(layer(settings)) }, platformOf(rows, val));

const found = ({ findings }: DoctorReport) => findings.map(({ severity, code }) => `${severity} ${code}`);

/** 200 rows that nothing is wrong with. */
const name = (i: number) =>
  `${names[i % names.length]} ${names[Math.floor(i / names.length) % names.length]}`;
const pairs = Array.from({ length: 200 }, (_, i) => ({
  query: `what is ${name(i)}`,
  content: `the ${name(i)} is ${name(i + 3)}`,
  label: i % 2,
}));
const lists = Array.from({ length: 200 }, (_, i) => ({
  query: `what is ${name(i)}`,
  pos: [`the ${name(i)} is old`],
  neg: [1, 2, 3, 4, 5, 6, 7].map((far) => `the ${name(i + far)} is long`),
}));
const held = [{ query: 'which rome', content: 'old rome', label: 1 }];

test('nothing is wrong with a run of good rows and settings', async () => {
  const report = await reranker(pairs, { val_dataset: 'val.jsonl' }, held);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({
    loss: 'pointwise_bce',
    train: { rows: 200, passages: 200, files: { 'train.jsonl': { labelled: 200 } } },
    val: { rows: 1 },
    tokens: { rows: 200, unknown: 0 },
    model: { modelType: 'bert', isFresh: true, longest: 64 },
    estimate: { examples: 200, batchesPerEpoch: 25, updates: 50, warmup: 5 },
  });
  const grouped = await reranker(lists, { loss_type: 'group_softmax', val_dataset: 'val.jsonl' }, held);
  expect(grouped.findings).toEqual([]);
  const sided = [{ query: 'which rome', pos: ['old rome'] }];
  expect((await embedding(lists, { val_dataset: 'val.jsonl', batch_size: 8 }, sided)).findings).toEqual([]);
});

describe('what a run of rerankers would stop at, or learn nothing from', () => {
  test.each<[string, readonly unknown[], Settings, string]>([
    ['bad rows', [...pairs, '{', { query: ' ', content: 'c', label: 1 }], {}, 'error bad-rows'],
    ['one label', pairs.map((row) => ({ ...row, label: 1 })), {}, 'error one-valued-labels'],
    ['labels outside', [...pairs, { query: 'q', content: 'c', label: 4 }], {}, 'error label-range'],
    ['single pairs for a loss over groups', pairs, { loss_type: 'listwise_ce' }, 'error unfit-rows'],
    ['a key that no row has', pairs, { train_label_key: 'grade' }, 'error bad-rows'],
    ['a rate for nobody', pairs, { lr: 0.5 }, 'error high-rate'],
    ['warm-up beyond the end', pairs, { warmup_steps: 50 }, 'error long-warm-up'],
    ['an earlier run', pairs, { output_dir: 'taken' }, 'error earlier-run'],
    ['a run to go on with that is none', pairs, { resume: 'none/step_1' }, 'error earlier-run'],
    ['no model', pairs, { model_name_or_path: 'none' }, 'error model'],
    ['more positions than there are', pairs, { max_len: 65 }, 'error long-texts'],
  ])('%s', async (_, rows, settings, expected) => {
    const codes = found(await reranker(rows, { val_dataset: 'val.jsonl', ...settings }, held));
    expect([...new Set(codes)]).toContain(expected);
    expect(codes[0]).toMatch(/^error/);
  });
});

test('a bad row is named by its place, with the number of its like', async () => {
  const { findings } = await reranker([
    ...pairs,
    { query: ' ', content: 'c', label: 1 },
    { query: '', content: 'c', label: 0 },
  ]);
  expect(findings[0]).toEqual({
    severity: 'error',
    code: 'bad-rows',
    where: 'train.jsonl:201',
    problem: 'expected "query" to hold text, got " "; 2 rows like it',
    advice: 'mend or remove them',
  });
});

test('a file of bad rows alone is reported with their faults', async () => {
  const report = await reranker(['{"query": 1}', 'x']);
  expect(found(report).slice(0, 2)).toEqual(['error bad-file', 'error bad-rows']);
  expect(report.tokens).toBeUndefined();
});

test('an embedding run: batches of one, temperature, held-out rows of training', async () => {
  const alone = lists.map(({ query, pos }) => ({ query, pos }));
  const val = [lists[3], { query: 'which rome', pos: ['old rome'] }];
  const settings = { val_dataset: 'val.jsonl', batch_size: 1 };
  expect(found(await embedding(alone, settings, val))).toEqual([
    'error no-contrast',
    'warning leaked-queries',
  ]);
  expect(found(await embedding(lists, { temperature: 1, val_dataset: 'val.jsonl' }, val.slice(1)))).toContain(
    'error high-temperature',
  );
  const { findings } = await embedding(alone, settings, val);
  expect(findings[1]).toMatchObject({ where: 'val.jsonl:1' });
});

test('ColBERT keeps the temperature of its own scores', async () => {
  const resolved = tasks.colbert.resolve(layer({ temperature: 1, val_dataset: 'val.jsonl', batch_size: 8 }));
  const report = await examine(
    { task: 'colbert', resolved },
    platformOf(lists, [{ query: 'which rome', pos: ['rome'] }]),
  );
  expect(report.findings).toEqual([]);
});

test('several processes make fewer updates: those that are launched, else those that are asked for', async () => {
  const resolved = tasks.reranker.resolve(layer({ num_processes: 5, val_dataset: 'val.jsonl' }));
  const run = { task: 'reranker', resolved } as const;
  expect((await examine(run, platformOf(pairs, held))).estimate).toMatchObject({
    batchesPerEpoch: 5,
    updates: 10,
  });
  const launched = await examine(run, { ...platformOf(pairs, held), processes: 25 });
  expect(launched.estimate.updates).toBe(2);
  expect(found(launched)).toEqual(['warning no-warm-up', 'warning few-updates']);
});

describe('the probe', () => {
  const asked = (settings: Settings = {}) =>
    ({ task: 'reranker', resolved: tasks.reranker.resolve(layer(settings)) }) as const;
  const measured = {
    ...{ planned: { total: 3e9 }, batchesPerEpoch: 25, openSeconds: 1, evaluationSecondsPerToken: 0.001 },
    batches: { batches: 16, largest: { place: 0, tokens: 100 }, tokensPerEpoch: 2500 },
    updates: { updates: 4, isFirst: false, secondsPerToken: { mean: 0.001, error: 0 }, updateSeconds: 0 },
  } as unknown as MeasuredRun;

  test('measures a run that nothing is wrong with', async () => {
    const run = asked({ val_dataset: 'val.jsonl', epochs: 4 });
    const report = await examine(run, { ...platformOf(pairs, held), probe: async () => measured });
    expect(report.probe).toMatchObject({ memory: { planned: 3e9 }, secondsPerUpdate: 0.1 });
    expect(report.probe!.time.training.most).toBeCloseTo(11, 9);
    expect(report.probe!.time.evaluation!.most).toBeGreaterThan(0);
    expect(formatReport(report)).toContain('\npace: 1000 tokens per second, 0.1 s per update, of 4 updates');
  });

  test('is left out where there are errors, and says nothing without being asked for', async () => {
    const probe = async () => Promise.reject(new Error('not to be called'));
    const report = await examine(asked({ lr: 0.5 }), { ...platformOf(pairs), probe });
    expect(report.findings.map(({ code }) => code)).toEqual(['high-rate', 'no-evaluation']);
    expect(report.probe).toBeUndefined();
    expect(formatReport(report)).not.toContain('pace: ');
  });

  test('a run that does not fit is an error', async () => {
    const problem =
      'expected a run within the 10 MiB of this machine, got a plan of 20 MiB — lower batch_size';
    const probe = () => Promise.reject(new ConfigError('memory', undefined, problem));
    const report = await examine(asked({ val_dataset: 'val.jsonl' }), { ...platformOf(pairs, held), probe });
    expect(report.findings).toEqual([
      {
        ...{ severity: 'error', code: 'memory', where: 'memory', advice: 'lower batch_size' },
        problem: 'expected a run within the 10 MiB of this machine, got a plan of 20 MiB',
      },
    ]);
  });
});
