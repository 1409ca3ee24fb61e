import { expect, test } from 'vitest';
import { readDeepspeed } from './deepspeed-file.js';

const given = (json: object) =>
  Object.fromEntries(
    readDeepspeed(JSON.stringify(json), 'ds.json').settings.map(({ key, value }) => [key, value]),
  );

/** FlagEmbedding 7ed43d6, examples/finetune/ds_stage1.json. */
const stage1 = {
  zero_optimization: { stage: 1, reduce_bucket_size: 5e8 },
  fp16: { enabled: 'auto', loss_scale: 0, initial_scale_power: 10, loss_scale_window: 1000, hysteresis: 2 },
  bf16: { enabled: 'auto', loss_scale: 0 },
  optimizer: {
    type: 'AdamW',
    params: { lr: 'auto', betas: 'auto', eps: 'auto', weight_decay: 'auto', torch_adam: true },
  },
  scheduler: {
    type: 'WarmupDecayLR',
    params: {
      warmup_min_lr: 'auto',
      warmup_max_lr: 'auto',
      warmup_num_steps: 'auto',
      total_num_steps: 'auto',
    },
  },
  gradient_accumulation_steps: 'auto',
  gradient_clipping: 'auto',
  steps_per_print: 1000,
  train_batch_size: 'auto',
  train_micro_batch_size_per_gpu: 'auto',
  wall_clock_breakdown: false,
};

test('the originals’ file: the stage and the schedule, the rest is "auto"', () => {
  expect(given(stage1)).toEqual({ zero_stage: 1, lr_scheduler_type: 'linear' });
  expect(readDeepspeed(JSON.stringify(stage1), 'ds.json').notes).toEqual([
    { reason: 'zero_optimization.reduce_bucket_size: DeepSpeed’s own', running: 'without' },
  ]);
});

test('numbers in place of "auto" are settings', () => {
  expect(
    given({
      zero_optimization: { stage: 2 },
      bf16: { enabled: true },
      fp16: { enabled: false },
      optimizer: { type: 'Adam', params: { lr: 1e-4, betas: [0.8, 0.99], eps: 1e-6, weight_decay: 0.1 } },
      scheduler: { type: 'WarmupCosineLR', params: { warmup_max_lr: 2e-4, warmup_num_steps: 10 } },
      gradient_accumulation_steps: 4,
      gradient_clipping: 0.5,
      train_micro_batch_size_per_gpu: 16,
    }),
  ).toEqual({
    zero_stage: 2,
    mixed_precision: 'bf16',
    adam_beta1: 0.8,
    adam_beta2: 0.99,
    adam_epsilon: 1e-6,
    weight_decay: 0.1,
    lr_scheduler_type: 'cosine',
    lr: 2e-4,
    warmup_steps: 10,
    gradient_accumulation_steps: 4,
    max_grad_norm: 0.5,
    batch_size: 16,
  });
});

test('another optimizer or schedule is refused, and so is a file that is no object', () => {
  expect(() => given({ optimizer: { type: 'Lamb' } })).toThrow(
    'ds.json: "optimizer.type" expected AdamW, the one optimizer here, got "Lamb"',
  );
  expect(() => given({ scheduler: { type: 'OneCycle' } })).toThrow(
    '"scheduler.type" expected one of WarmupLR, WarmupDecayLR, WarmupCosineLR, got "OneCycle"',
  );
  expect(() => readDeepspeed('{', 'ds.json')).toThrow('ds.json: expected JSON, got an error: ');
  expect(() => readDeepspeed('[1]', 'ds.json')).toThrow(
    'ds.json: "the whole" expected a map of keys, got [1]',
  );
});
