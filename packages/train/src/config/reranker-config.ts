import { lossByName } from '@rag/losses';
import { ConfigError } from './config-error.js';
import { camelCase } from './option.js';
import { type RerankerConfig, type RerankerOptionTable, rerankerOptions } from './reranker-options.js';
import { type Resolved, resolveSettings, type Setting } from './resolve.js';

/** Settings with what every run must have. */
export type CompleteRerankerConfig = RerankerConfig & {
  readonly modelNameOrPath: string;
  readonly trainDataset: readonly string[];
};

export interface ResolvedReranker extends Resolved<RerankerOptionTable> {
  readonly config: CompleteRerankerConfig;
}

/**
 * Checks the settings of a reranker run, layer over layer, each alone and then together.
 * @throws ConfigError
 */
export function resolveReranker(layers: readonly (readonly Setting[])[]): ResolvedReranker {
  const resolved = resolveSettings(rerankerOptions, layers);
  const { config, sources } = resolved;
  const where = (key: string): string => sources.get(key) ?? key;
  const { modelNameOrPath, trainDataset, minLabel, maxLabel, warmupProportion, stableProportion } = config;
  const { lossType, trainDatasetType, adamBeta1, adamBeta2 } = config;
  if (modelNameOrPath === undefined)
    throw new ConfigError(
      'model_name_or_path',
      'model_name_or_path',
      'expected a directory, got none — name one',
    );
  if (trainDataset === undefined)
    throw new ConfigError('train_dataset', 'train_dataset', 'expected JSONL files, got none — name one');
  if (!(minLabel < maxLabel))
    throw new ConfigError(
      where('max_label'),
      'max_label',
      `expected max_label above min_label, got ${maxLabel} and ${minLabel} — swap or correct them`,
    );
  if (config.warmupSteps === undefined && warmupProportion + stableProportion > 1)
    throw new ConfigError(
      where('stable_proportion'),
      'stable_proportion',
      `expected warmup_proportion + stable_proportion up to 1, got ${warmupProportion} + ${stableProportion} — lower one`,
    );
  for (const [key, beta] of [
    ['adam_beta1', adamBeta1],
    ['adam_beta2', adamBeta2],
  ] as const)
    if (beta === 1)
      throw new ConfigError(
        where(key),
        key,
        'expected a number below 1, got 1 — the moments would never move',
      );
  if (trainDatasetType === 'pointwise' && !isPointwise(lossType))
    throw new ConfigError(
      where('train_dataset_type'),
      'train_dataset_type',
      `expected grouped for the loss ${lossType}, which compares passages of a query, got pointwise — change one of the two`,
    );
  return { ...resolved, config: { ...config, modelNameOrPath, trainDataset } };
}

/** Settings that code gives in camelCase, as a layer. */
export function settingsOf(options: Readonly<Record<string, unknown>>, where = 'train()'): Setting[] {
  return Object.entries(options).map(([key, value]) => ({ key, value, where, shown: `"${key}" ` }));
}

/** Every setting of a resolved run under its file key, without secrets, for storing and printing. */
export function storedSettings(config: RerankerConfig): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = config;
  const stored: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(rerankerOptions)) {
    const value = values[camelCase(key)];
    if (value !== undefined && !('secret' in entry && entry.secret)) stored[key] = value;
  }
  return stored;
}

const isPointwise = (loss: string): boolean => lossByName(loss).kind === 'pointwise';
