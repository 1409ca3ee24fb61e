import { expect, test } from 'vitest';
import { ConfigError } from './config-error.js';
import { resolveEmbedding } from './embedding-config.js';
import { readYaml } from './read-yaml.js';
import { settingsOf } from './resolve.js';

const resolve = (options: Record<string, unknown>) =>
  resolveEmbedding([settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options })]);

test('the YAML of the original’s distillation is understood', () => {
  const yaml = `
model_name_or_path: "BAAI/bge-base-zh-v1.5"
train_dataset: "texts.jsonl"
train_dataset_vec: "vectors.npy"
train_type: "distill"
teatch_emebedding_dim: 3584
use_mrl: true
mrl_dims: "256, 512, 1024, 3584"
lr: 1e-4
epochs: 1
batch_size: 128
warmup_proportion: 0.05
mixed_precision: "bf16"
shuffle: false
`;
  const { config, notActive } = resolveEmbedding([readYaml(yaml, 'distill.yaml')]);
  expect(config).toMatchObject({
    trainType: 'distill',
    trainDatasetVec: 'vectors.npy',
    teacherEmbeddingDim: 3584,
    mrlDims: [256, 512, 1024, 3584],
    shuffle: false,
  });
  expect(notActive).toEqual([
    {
      key: 'mixed_precision',
      value: 'bf16',
      running: 'fp32',
      reason: 'the cpu provider has no bf16 kernels',
    },
  ]);
});

test.each([
  [{ trainType: 'distill' }, 'expected train_dataset_vec'],
  [{ trainDatasetVec: 'v' }, 'expected train_type distill beside the teacher’s vectors'],
  [{ lossType: 'distill' }, 'got distill with train — leave loss_type out'],
  [
    { trainType: 'distill', trainDatasetVec: 'v', lossType: 'infonce' },
    'got infonce with distill — leave loss_type out',
  ],
  [
    { trainType: 'distill', trainDatasetVec: 'v', maxExampleNumPerDataset: 5 },
    'expected every row with train_type distill, since the teacher has a vector for each, got 5',
  ],
  [{ mrlDims: '8, 4, 8' }, 'expected each width once, got 8 twice'],
  [{ mrlDims: '8 4' }, 'expected whole numbers from 1, as a list or with commas between, got "8 4"'],
  [{ colbertDim: 8 }, 'expected a known key, got "colbertDim"'],
])('%j is refused', (options, message) => {
  expect(() => resolve(options)).toThrow(ConfigError);
  expect(() => resolve(options)).toThrow(message);
});
