import { expect, test } from 'vitest';
import { compareCandidates } from '../compare/compare-candidates.js';
import { readRunFile } from './read-run.js';
import { readTracking } from './read-tracking.js';
import { runPage, unfinishedPage } from './run-page.js';

const hostile = '<script>alert(1)</script>';
const interval = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1 });
const comparison = compareCandidates(
  [
    { query: `who ${hostile}`, passages: ['a', `b ${hostile}`], relevance: [1, 0] },
    { query: '月亮', passages: ['面包', '天'], relevance: [0, 1] },
  ],
  [
    {
      name: 'before',
      scores: [
        [0, 1],
        [1, 0],
      ],
    },
    {
      name: 'after',
      scores: [
        [1, 0],
        [0, 1],
      ],
    },
  ],
  ['mrr@10', 'ndcg@10'],
  { resamples: 100 },
);
const metrics = { 'mrr@10': interval(0.5), 'ndcg@10': interval(0.6) };
const run = {
  id: 'ab12',
  rag: '1.2.3',
  task: 'reranker',
  versions: { node: '20' },
  settings: { lr: 0.00002, epochs: 2, train_dataset: [`${hostile}.jsonl`], token: 'hf_secret' },
  ran: { provider: 'cpu' },
  model: { name: `m${hostile}`, model_type: 'bert', fresh: [] },
  not_active: [{ key: 'fp16', running: 'fp32', reason: hostile }],
  memory: { parameters: 2 ** 20 },
  train: {
    summary: {
      rows: 12,
      queries: 12,
      bins: [
        { from: 0, to: 0.5, count: 3 },
        { from: 0.5, to: 1, count: 9 },
      ],
      skipped: {},
    },
    files: [{ file: `${hostile}.jsonl`, bytes: 1234, rows: 12, sha256: 'ab'.repeat(32) }],
  },
  result: { updates: 4, tokens: 1000, seconds: 90, meanLoss: 0.5 },
  evaluation: {
    before: metrics,
    after: metrics,
    bm25: metrics,
    chance: { 'mrr@10': { mean: 0.3 }, 'ndcg@10': 0.4 },
    epochs: [{ epoch: 0, metrics }],
  },
  comparison,
  history: [
    { epoch: 0, update: 2, loss: 0.7, learningRate: 2e-5, gradientNorm: 1 },
    { epoch: 1, update: 4, loss: null, learningRate: 1e-5, gradientNorm: 2 },
  ],
  doctor: {
    train: {
      ...{ rows: 12, passages: 40, scripts: { query: { Han: 4 }, passage: { Han: 9, [hostile]: 2 } } },
      characters: {
        query: { count: 1, mean: 1, p50: 1, p99: 1, most: 1 },
        passage: { count: 3, mean: 9, p50: 9, p99: 9, most: 9, bands: [0, 0, 0, 1, 0, 2] },
      },
    },
    findings: [{ severity: 'warning', code: 'x', where: hostile, problem: 'long', advice: 'cut' }],
  },
};
const read = (value: unknown) => readRunFile(JSON.stringify(value), 'out/run.json');

test('a page of a run: curves, metrics, data, settings, examples; texts escaped, secrets left out', () => {
  const text = runPage(read(run), undefined, '1.2.3');
  for (const title of [
    'Training',
    'Quality',
    'after beside before',
    'Improved most',
    'Held against',
    'Data',
    'Found before the run',
    'Settings',
  ])
    expect(text).toContain(`<h2>${title}</h2>`);
  for (const figure of [
    'Loss',
    'Learning rate',
    'Gradient norm',
    'Labels of passages',
    'Length of passages, characters',
    'Letters of passages by script',
  ])
    expect(text).toContain(`<figcaption>${figure}</figcaption>`);
  expect(text).toContain('<dd>2 min</dd>');
  expect(text).not.toContain('<script');
  expect(text).not.toContain('hf_secret');
  expect(text).not.toMatch(/undefined|\[object|="[^"]*NaN/);
  expect(text).not.toMatch(/(?:src|href)=|https?:/);
});

test('a run without held-out rows, and one of a retriever without comparisons', () => {
  const { evaluation: _, comparison: __, doctor: ___, ...bare } = run;
  expect(runPage(read(bare), undefined, '1')).toContain('no rows to be evaluated on');
  const retriever = {
    ...bare,
    task: 'embedding',
    evaluation: { before: { metrics }, after: { metrics }, epochs: [] },
  };
  const text = runPage(read(retriever), undefined, '1');
  expect(text).toContain('Means with 95 % intervals. mrr@10: before 0.500');
});

test('a run that was evaluated between epochs, stopped early and kept its best', () => {
  const epochs = [
    { epoch: 0, update: 2, metrics },
    { epoch: 0, metrics },
    { epoch: 1, update: 6, metrics },
  ];
  const result = {
    ...run.result,
    stopped: `no gain ${hostile}`,
    best: { name: 'step_2', value: 0.6, metric: 'ndcg@10' },
  };
  const doctor = { ...run.doctor, estimate: { updatesPerEpoch: 4 } };
  const text = runPage(
    read({ ...run, result, doctor, evaluation: { ...run.evaluation, epochs } }),
    undefined,
    '1',
  );
  expect(text).toContain('<dd><bdi class="text">step_2</bdi></dd>');
  expect(text).toContain('no gain &lt;script&gt;');
  const [, points] = /ndcg@10 over update[\s\S]*?points="([^"]*)"/.exec(text)!;
  // Before, updates 2, 4 and 6; nothing behind them.
  expect(points!.split(' ').map((point) => Number(point.split(',')[0]))).toEqual([62, 197.3, 332.7, 468]);
});

test('a run that has no run.json is told of by its log', () => {
  const log = [
    { kind: 'run', name: `colbert ${hostile}`, config: { task: 'colbert', lr: 1 } },
    { kind: 'scalars', step: 1, values: { 'train/loss': 2, 'eval/map': 0.1 } },
    { kind: 'scalars', step: 2, values: { 'train/loss': 'NaN', 'eval/map': 0.2 } },
  ];
  const text = unfinishedPage(readTracking(log.map((line) => JSON.stringify(line)).join('\n')), '1');
  expect(text).toContain('still running, or killed');
  expect(text).toContain('<figcaption>map</figcaption>');
  expect(text).not.toContain('<script');
  expect(unfinishedPage(readTracking(''), '1')).toContain('Nothing was logged.');
});

test.each([
  ['{"task": "reranker", "settings"', 'expected the JSON of a run, got '],
  ['[]', 'expected the run.json of `rag train`, got '],
  [
    JSON.stringify({ ...run, result: { updates: 'x' } }),
    'expected the run.json of `rag train` ("result.updates"), got ',
  ],
  [JSON.stringify({ ...run, history: [{ update: 1 }] }), '("history.0.epoch")'],
  [
    JSON.stringify({
      ...run,
      comparison: {
        ...comparison,
        comparisons: [
          {
            ...comparison.comparisons[0],
            improved: new Array(5000).fill(comparison.comparisons[0]!.improved[0]),
          },
        ],
      },
    }),
    '("comparison.comparisons.0.improved")',
  ],
  [' '.repeat(2 ** 26 + 1), 'expected at most 64 MiB, got 64 MiB'],
])('a run.json that is none: %#', (text, message) => {
  expect(() => readRunFile(text, 'out/run.json')).toThrow(message);
  expect(() => readRunFile(text, 'out/run.json')).toThrow(/^out\/run\.json: [^\n]{1,300}$/);
});
