import { ConfigError } from './config-error.js';
import { entriesOf, type Gathering, gathering, type LauncherFile } from './launcher-file.js';

/** What each of DeepSpeed's schedulers is here. */
const SCHEDULERS: Readonly<Record<string, string>> = {
  WarmupLR: 'constant',
  WarmupDecayLR: 'linear',
  WarmupCosineLR: 'cosine',
};

/** Keys that say how often something is printed. */
const OF_LOGS = new Set(['steps_per_print', 'wall_clock_breakdown', 'dump_state']);

/**
 * The settings that a DeepSpeed file means here: ZeRO stage, precision, AdamW's numbers, schedule, accumulation, clipping, batch size.
 * "auto" leaves a key to file and flags, as transformers has it (deepspeed.ai/docs/config-json).
 * @param file how errors call it
 * @throws ConfigError for a file that is no JSON object, an optimizer that is not AdamW, a schedule that there is none of here
 */
export function readDeepspeed(json: string, file: string): LauncherFile {
  const gathered = gathering();
  for (const [key, value] of entriesOf(parsed(json, file), file, 'the whole')) {
    const at = { where: file, shown: key };
    if (key === 'zero_optimization') readZero(entriesOf(value, file, key), file, gathered);
    else if (key === 'fp16' || key === 'bf16' || key === 'bfloat16') {
      const { enabled } = Object.fromEntries(entriesOf(value, file, key));
      const format = key === 'fp16' ? 'fp16' : 'bf16';
      gathered.set('mixed_precision', enabled === true ? format : undefined, {
        where: file,
        shown: `${key}.enabled`,
      });
    } else if (key === 'optimizer') readOptimizer(value, file, gathered);
    else if (key === 'scheduler') readScheduler(value, file, gathered);
    else if (key === 'gradient_accumulation_steps') gathered.set(key, value, at);
    else if (key === 'gradient_clipping') gathered.set('max_grad_norm', value, at);
    else if (key === 'train_micro_batch_size_per_gpu') gathered.set('batch_size', value, at);
    else if (!OF_LOGS.has(key)) gathered.spare(key, value);
  }
  return gathered.result('DeepSpeed’s');
}

function parsed(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(file, undefined, `expected JSON, got an error: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function readZero(entries: readonly [string, unknown][], file: string, gathered: Gathering): void {
  for (const [key, value] of entries) {
    const shown = `zero_optimization.${key}`;
    if (key === 'stage') gathered.set('zero_stage', value, { where: file, shown });
    else gathered.spare(shown, value);
  }
}

function readOptimizer(value: unknown, file: string, gathered: Gathering): void {
  const { type, params } = Object.fromEntries(entriesOf(value, file, 'optimizer'));
  if (type !== undefined && type !== 'Adam' && type !== 'AdamW')
    throw new ConfigError(
      file,
      'optimizer.type',
      `"optimizer.type" expected AdamW, the one optimizer here, got ${JSON.stringify(type)} — use it, or leave "optimizer" out`,
    );
  const keys: Readonly<Record<string, string>> = {
    lr: 'lr',
    eps: 'adam_epsilon',
    weight_decay: 'weight_decay',
  };
  for (const [name, given] of entriesOf(params, file, 'optimizer.params')) {
    const shown = `optimizer.params.${name}`;
    const at = { where: file, shown };
    if (name === 'betas' && Array.isArray(given)) {
      gathered.set('adam_beta1', given[0], at);
      gathered.set('adam_beta2', given[1], at);
    } else if (keys[name]) gathered.set(keys[name], given, at);
    // Which of its kernels computes AdamW.
    else if (!['betas', 'torch_adam', 'adam_w_mode'].includes(name)) gathered.spare(shown, given);
  }
}

function readScheduler(value: unknown, file: string, gathered: Gathering): void {
  const { type, params } = Object.fromEntries(entriesOf(value, file, 'scheduler'));
  const decay = SCHEDULERS[String(type)];
  if (decay === undefined)
    throw new ConfigError(
      file,
      'scheduler.type',
      `"scheduler.type" expected one of ${Object.keys(SCHEDULERS).join(', ')}, got ${JSON.stringify(type)} — choose one, or leave "scheduler" out and say lr_scheduler_type`,
    );
  gathered.set('lr_scheduler_type', decay, { where: file, shown: 'scheduler.type' });
  const keys: Readonly<Record<string, string>> = { warmup_max_lr: 'lr', warmup_num_steps: 'warmup_steps' };
  for (const [name, given] of entriesOf(params, file, 'scheduler.params')) {
    const shown = `scheduler.params.${name}`;
    if (keys[name]) gathered.set(keys[name], given, { where: file, shown });
    // The rate here rises from 0 in a straight line and falls until the run's last update.
    else if (name !== 'warmup_type' || given !== 'linear') gathered.spare(shown, given);
  }
}
