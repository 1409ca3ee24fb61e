import { expect, test } from 'vitest';
import { resolveColbert } from './colbert-config.js';
import { settingsOf } from './resolve.js';

test('the original’s script is understood', () => {
  const flags = {
    model_name_or_path: 'hfl/chinese-roberta-wwm-ext',
    dataset: ['t2rank_100.jsonl'],
    output_dir: './output/t2ranking_100_example',
    batch_size: 4,
    lr: 5e-6,
    epochs: 2,
    save_on_epoch_end: 1,
    gradient_accumulation_steps: 12,
    log_with: 'wandb',
    warmup_proportion: 0.1,
    neg_nums: 15,
    temperature: 0.02,
    query_max_len: 128,
    passage_max_len: 512,
    colbert_dim: 768,
  };
  const { config } = resolveColbert([
    Object.entries(flags).map(([key, value]) => ({ key, value, where: `--${key}` })),
  ]);
  expect(config).toMatchObject({
    trainDataset: ['t2rank_100.jsonl'],
    colbertDim: 768,
    negNums: 15,
    lr: 5e-6,
  });
});

test('what every run must have is asked for', () => {
  expect(() => resolveColbert([settingsOf({ modelNameOrPath: 'm' })])).toThrow(
    'train_dataset: expected JSONL',
  );
  expect(() => resolveColbert([settingsOf({ modelNameOrPath: 'm', useMrl: true })])).toThrow('"useMrl"');
});
