import { checkAdapter } from './check-adapter.js';
import { checkRetrieval } from './check-retrieval.js';
import { checkShared, type Needed } from './check-shared.js';
import { checkUnified } from './check-unified.js';
import { type ColbertConfig, type ColbertOptionTable, colbertOptions } from './colbert-options.js';
import { withPreset } from './presets.js';
import { queryInstruction } from './query-instruction.js';
import { type Resolved, resolveSettings, type Setting } from './resolve.js';
import { colbertPresets } from './retrieval-presets.js';

/** Settings with what every run must have. */
export type CompleteColbertConfig = ColbertConfig & Needed;

export interface ResolvedColbert extends Resolved<ColbertOptionTable> {
  readonly config: CompleteColbertConfig;
}

/**
 * Checks the settings of a ColBERT run, layer over layer, each alone and then together.
 * @throws ConfigError
 */
export function resolveColbert(layers: readonly (readonly Setting[])[]): ResolvedColbert {
  const resolved = resolveSettings(colbertOptions, withPreset(colbertOptions, colbertPresets, layers));
  const { config, sources } = resolved;
  checkAdapter(config, sources, config.fixPositionEmbedding || config.fixEncoder);
  checkRetrieval(config, sources);
  queryInstruction(config, sources);
  checkUnified(config, sources);
  return { ...resolved, config: { ...resolved.config, ...checkShared(resolved) } };
}
