import { lossByName } from '@rag/losses';
import { checkAdapter } from './check-adapter.js';
import { checkShared, type Needed } from './check-shared.js';
import { ConfigError } from './config-error.js';
import { pairLengths } from './pair-lengths.js';
import { checkTemplate } from './pair-template.js';
import { withPreset } from './presets.js';
import { type RerankerConfig, type RerankerOptionTable, rerankerOptions } from './reranker-options.js';
import { rerankerPresets } from './reranker-presets.js';
import { type Resolved, resolveSettings, type Setting } from './resolve.js';

/** Settings with what every run must have. */
export type CompleteRerankerConfig = RerankerConfig & Needed;

export interface ResolvedReranker extends Resolved<RerankerOptionTable> {
  readonly config: CompleteRerankerConfig;
}

/**
 * Checks the settings of a reranker run, layer over layer, each alone and then together.
 * @throws ConfigError
 */
export function resolveReranker(layers: readonly (readonly Setting[])[]): ResolvedReranker {
  const resolved = resolveSettings(rerankerOptions, withPreset(rerankerOptions, rerankerPresets, layers));
  const { config, sources } = resolved;
  const where = (key: string): string => sources.get(key) ?? key;
  const needed = checkShared(resolved);
  checkAdapter(config, sources);
  checkTemplate(config, sources);
  const { minLabel, maxLabel, lossType, trainDatasetType, numLabels } = config;
  if (numLabels !== 1)
    throw new ConfigError(
      where('num_labels'),
      'num_labels',
      `expected 1, the logit that the losses read, got ${numLabels} — leave it out`,
    );
  if (!(minLabel < maxLabel))
    throw new ConfigError(
      where('max_label'),
      'max_label',
      `expected max_label above min_label, got ${maxLabel} and ${minLabel} — swap or correct them`,
    );
  if (trainDatasetType === 'pointwise' && !isPointwise(lossType))
    throw new ConfigError(
      where('train_dataset_type'),
      'train_dataset_type',
      `expected grouped for the loss ${lossType}, which compares passages of a query, got pointwise — change one of the two`,
    );
  const lengths = pairLengths(config);
  const unread = lengths.cuts && sources.has('max_len') && config.maxLen !== lengths.pair;
  const notActive = [...resolved.notActive];
  if (unread && config.maxLen !== rerankerOptions.max_len.default)
    notActive.push({
      key: 'max_len',
      value: config.maxLen,
      reason: 'query_max_len and passage_max_len together are the limit',
      running: String(lengths.pair),
    });
  return { ...resolved, notActive, config: { ...config, ...needed } };
}

const isPointwise = (loss: string): boolean => lossByName(loss).kind === 'pointwise';
