import { checkAdapter } from './check-adapter.js';
import { checkRetrieval } from './check-retrieval.js';
import { checkShared, type Needed } from './check-shared.js';
import { ConfigError } from './config-error.js';
import { type EmbeddingConfig, type EmbeddingOptionTable, embeddingOptions } from './embedding-options.js';
import { withPreset } from './presets.js';
import { queryInstruction } from './query-instruction.js';
import { type Resolved, resolveSettings, type Setting } from './resolve.js';
import { embeddingPresets } from './retrieval-presets.js';

/** Settings with what every run must have. */
export type CompleteEmbeddingConfig = EmbeddingConfig & Needed;

export interface ResolvedEmbedding extends Resolved<EmbeddingOptionTable> {
  readonly config: CompleteEmbeddingConfig;
}

/**
 * Checks the settings of an embedding run, layer over layer, each alone and then together.
 * @throws ConfigError
 */
export function resolveEmbedding(layers: readonly (readonly Setting[])[]): ResolvedEmbedding {
  const resolved = resolveSettings(embeddingOptions, withPreset(embeddingOptions, embeddingPresets, layers));
  const { config, sources } = resolved;
  const needed = checkShared(resolved);
  checkAdapter(config, sources, config.fixPositionEmbedding);
  checkRetrieval(config, sources);
  queryInstruction(config, sources);
  const where = (key: string): string => sources.get(key) ?? key;
  const { trainType, trainDatasetVec, lossType } = config;
  const distill = trainType === 'distill';
  if (distill && trainDatasetVec === undefined)
    throw new ConfigError(
      where('train_type'),
      'train_dataset_vec',
      'expected train_dataset_vec, the file of the teacher’s vectors, beside train_type distill, got none — name it',
    );
  if (!distill && trainDatasetVec !== undefined)
    throw new ConfigError(
      where('train_dataset_vec'),
      'train_dataset_vec',
      'expected train_type distill beside the teacher’s vectors, got train — change one of the two',
    );
  if (distill && config.maxExampleNumPerDataset !== embeddingOptions.max_example_num_per_dataset.default)
    throw new ConfigError(
      where('max_example_num_per_dataset'),
      'max_example_num_per_dataset',
      `expected every row with train_type distill, since the teacher has a vector for each, got ${config.maxExampleNumPerDataset} — leave it out, or cut texts and vectors`,
    );
  if (lossType !== undefined && distill !== (lossType === 'distill'))
    throw new ConfigError(
      where('loss_type'),
      'loss_type',
      `expected the loss distill with train_type distill and another without, got ${lossType} with ${trainType} — leave loss_type out`,
    );
  const cosines = ['cosent', 'angle', 'distill'].find((loss) => loss === (distill ? 'distill' : lossType));
  if (!config.normalizeEmbeddings && cosines !== undefined)
    throw new ConfigError(
      where('normalize_embeddings'),
      'normalize_embeddings',
      `expected normalize_embeddings true with ${cosines}, a loss over cosines, got false — leave it out, or choose another loss`,
    );
  const repeated = config.mrlDims.find((dim, i) => config.mrlDims.indexOf(dim) < i);
  if (repeated !== undefined)
    throw new ConfigError(
      where('mrl_dims'),
      'mrl_dims',
      `expected each width once, got ${repeated} twice — name it once`,
    );
  return { ...resolved, config: { ...config, ...needed } };
}
