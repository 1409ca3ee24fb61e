import { ConfigError } from './config-error.js';
import { checkPrecisionSettings } from './precision.js';
import type { Resolved } from './resolve.js';
import type { SharedConfig, sharedOptions } from './shared-options.js';

/** What every run must have. */
export interface Needed {
  readonly modelNameOrPath: string;
  readonly trainDataset: readonly string[];
}

/** Settings of any task, complete. */
export type CompleteConfig = SharedConfig & Needed;

type SharedSettings = Pick<Resolved<typeof sharedOptions>, 'config' | 'sources'>;

/**
 * Checks together what every task has, and names the two keys that no default can fill.
 * @throws ConfigError
 */
export function checkShared({ config, sources }: SharedSettings): Needed {
  const where = (key: string): string => sources.get(key) ?? key;
  const { modelNameOrPath, trainDataset, warmupProportion, stableProportion } = config;
  if (modelNameOrPath === undefined)
    throw new ConfigError(
      'model_name_or_path',
      'model_name_or_path',
      'expected a model directory or a name of the hub, got none — name one',
    );
  if (trainDataset === undefined)
    throw new ConfigError('train_dataset', 'train_dataset', 'expected JSONL files, got none — name one');
  if (config.warmupSteps === undefined && warmupProportion + stableProportion > 1)
    throw new ConfigError(
      where('stable_proportion'),
      'stable_proportion',
      `expected warmup_proportion + stable_proportion up to 1, got ${warmupProportion} + ${stableProportion} — lower one`,
    );
  for (const [key, beta] of [
    ['adam_beta1', config.adamBeta1],
    ['adam_beta2', config.adamBeta2],
  ] as const)
    if (beta === 1)
      throw new ConfigError(
        where(key),
        key,
        'expected a number below 1, got 1 — the moments would never move',
      );
  if (config.deviceId !== 0 && config.provider !== 'cuda')
    throw new ConfigError(
      where('device_id'),
      'device_id',
      `expected provider cuda with it, got ${config.provider} — set provider, or leave it out`,
    );
  const [selecting] =
    [
      ['metric_for_best_model', config.metricForBestModel],
      ['load_best_model_at_end', config.loadBestModelAtEnd],
      ['early_stopping_patience', config.earlyStoppingPatience],
    ].find(([, value]) => value) ?? [];
  if (typeof selecting === 'string' && !config.saveOnEpochEnd && config.evalSteps === undefined)
    throw new ConfigError(
      where(selecting),
      selecting,
      'expected evaluations to choose by, got save_on_epoch_end: false and no eval_steps — set one of them',
    );
  checkPrecisionSettings(config, where);
  return { modelNameOrPath, trainDataset };
}
