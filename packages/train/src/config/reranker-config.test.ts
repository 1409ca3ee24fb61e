import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';
import { resolveReranker } from './reranker-config.js';
import { formatNotActive, settingsOf, storedSettings } from './resolve.js';

const needed = { modelNameOrPath: 'model', trainDataset: 'rows.jsonl' };
const resolve = (options: Record<string, unknown>) =>
  resolveReranker([settingsOf({ ...needed, ...options })]);

test("the seeds' command line is understood", () => {
  const flags = {
    model_name_or_path: 'hfl/chinese-roberta-wwm-ext',
    dataset: ['t2rank_100.jsonl'],
    model_type: 'cross_encoder',
    loss_type: 'classfication',
    mixed_precision: 'bf16',
    log_with: 'wandb',
    num_labels: 1,
  };
  const layer = Object.entries(flags).map(([key, value]) => ({ key, value, where: `--${key}` }));
  const { config, notActive } = resolveReranker([layer]);
  expect(config).toMatchObject({
    trainDataset: ['t2rank_100.jsonl'],
    modelType: 'bert_encoder',
    lossType: 'classfication',
    logWith: ['wandb'],
  });
  expect(notActive.map(({ key, running }) => [key, running])).toEqual([['mixed_precision', 'fp32']]);
});

test('more than one label is refused', () => {
  expect(resolve({ numLabels: 1 }).config.numLabels).toBe(1);
  expect(() => resolve({ numLabels: 2 })).toThrow(
    'train(): expected 1, the logit that the losses read, got 2 — leave it out',
  );
});

test('a length of the pair beside those of its texts is not read, which is said', () => {
  const notes = (settings: Record<string, unknown>) => resolve(settings).notActive.map(formatNotActive);
  expect(notes({ maxLen: 256, queryMaxLen: 32 })).toEqual([
    'max_len 256: query_max_len and passage_max_len together are the limit: running 160',
  ]);
  // What a run stored states the default too.
  expect(notes({ maxLen: 512, queryMaxLen: 32, passageMaxLen: 64 })).toEqual([]);
});

test.each([
  [
    { modelNameOrPath: undefined },
    'model_name_or_path: expected a model directory or a name of the hub, got none',
  ],
  [{ trainDataset: undefined }, 'train_dataset: expected JSONL files, got none'],
  [{ minLabel: 2 }, 'max_label: expected max_label above min_label, got 1 and 2'],
  [
    { warmupProportion: 0.6, stableProportion: 0.5 },
    'train(): expected warmup_proportion + stable_proportion up to 1, got 0.6 + 0.5',
  ],
  [{ adamBeta2: 1 }, 'train(): expected a number below 1, got 1'],
  [
    { lossType: 'pairwise_ranknet', trainDatasetType: 'pointwise' },
    'train(): expected grouped for the loss pairwise_ranknet, which compares passages of a query, got pointwise',
  ],
  [{ lossType: 'point_kl' }, 'train(): "lossType" expected one of pointwise_bce, '],
  [{ lossType: 'infonce' }, 'train(): "lossType" expected one of pointwise_bce, '],
  [{ bacthSize: 3 }, 'train(): expected a known key, got "bacthSize" — did you mean "batchSize"?'],
])('%j is refused', (options, message) => {
  expect(() => resolve(options)).toThrow(ConfigError);
  expect(() => resolve(options)).toThrow(message);
});

test('what is stored gives the same run again, without secrets', () => {
  const resolved = resolve({ lr: 1e-3, token: 'hf_secret', valDataset: ['a', 'b'], lossType: 'point_ce' });
  const stored = storedSettings(resolved);
  expect(JSON.stringify(stored)).not.toContain('hf_secret');
  const layer = Object.entries(stored).map(([key, value]) => ({ key, value, where: 'run.json' }));
  expect({ ...resolveReranker([layer]).config, token: 'hf_secret' }).toEqual(resolved.config);
});
