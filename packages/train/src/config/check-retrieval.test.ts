import { expect, test } from 'vitest';
import { resolveColbert } from './colbert-config.js';
import { ConfigError } from './config-error.js';
import { resolveEmbedding } from './embedding-config.js';
import { settingsOf, storedSettings } from './resolve.js';

const given = (options: Record<string, unknown>) => [
  settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options }),
];

test.each([
  [
    { trainGroupSize: 8, negNums: 5 },
    'expected neg_nums left out beside train_group_size, or 1 less, got 5 and 8',
  ],
  [
    { trainGroupSize: 8, lossType: 'kl_divergence' },
    'expected the loss infonce with train_group_size, got kl_divergence',
  ],
  [
    { knowledgeDistillation: true, lossType: 'kl_divergence' },
    'expected the loss infonce with knowledge_distillation',
  ],
  [{ smallThreshold: 5 }, 'expected same_dataset_within_batch true beside small_threshold'],
  [{ dropThreshold: 5 }, 'expected same_dataset_within_batch true beside drop_threshold'],
  [{ subBatchSize: 4, gradCache: false }, 'expected grad_cache true beside sub_batch_size, got false'],
  [{ fixPositionEmbedding: true, useLora: true }, 'expected fix_position_embedding left out beside use_lora'],
  [
    { fixPositionEmbedding: true, trainable: ['*'] },
    'expected fix_position_embedding left out beside trainable',
  ],
])('%j is refused, for both tasks', (options, message) => {
  for (const resolve of [resolveEmbedding, resolveColbert]) {
    expect(() => resolve(given(options))).toThrow(ConfigError);
    expect(() => resolve(given(options))).toThrow(message);
  }
});

test.each([
  [
    { trainType: 'distill', trainDatasetVec: 'v', trainGroupSize: 8 },
    'expected rows with passages for train_group_size',
  ],
  [
    { normalizeEmbeddings: false, lossType: 'cosent' },
    'expected normalize_embeddings true with cosent, a loss over cosines, got false',
  ],
  [
    { normalizeEmbeddings: false, trainType: 'distill', trainDatasetVec: 'v' },
    'expected normalize_embeddings true with distill',
  ],
])('%j is refused for embedding models', (options, message) => {
  expect(() => resolveEmbedding(given(options))).toThrow(message);
});

test.each([
  {
    trainGroupSize: 8,
    negNums: 7,
    knowledgeDistillation: true,
    kdLossType: 'm3_kd_loss',
    lossType: 'infonce',
  },
  { sameDatasetWithinBatch: true, smallThreshold: 5, dropThreshold: 2, subBatchSize: 4 },
  { fixPositionEmbedding: true, freeze: ['encoder.*'], frozenDtype: 'fp16' },
])('%j stand together, and what a run stored of them too', (options) => {
  for (const resolve of [resolveEmbedding, resolveColbert]) {
    const { notActive, config, table } = resolve(given(options));
    expect(notActive).toEqual([]);
    const stored = Object.entries(storedSettings({ table, config })).map(([key, value]) => ({
      key,
      value,
      where: 'run.json',
    }));
    expect(resolve([stored]).config).toEqual(config);
  }
});
