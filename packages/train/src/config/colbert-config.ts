import { checkAdapter } from './check-adapter.js';
import { checkRetrieval } from './check-retrieval.js';
import { checkShared, type Needed } from './check-shared.js';
import { type ColbertConfig, type ColbertOptionTable, colbertOptions } from './colbert-options.js';
import { ConfigError } from './config-error.js';
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
  checkFixedEncoder(config, sources);
  return { ...resolved, config: { ...resolved.config, ...checkShared(resolved) } };
}

/** @throws ConfigError for other settings that say what is trained */
function checkFixedEncoder(config: ColbertConfig, sources: ReadonlyMap<string, string>): void {
  if (!config.fixEncoder) return;
  const others = ['use_lora', 'freeze', 'trainable', 'fix_position_embedding'] as const;
  const given = {
    use_lora: config.useLora,
    freeze: config.freeze,
    trainable: config.trainable,
    fix_position_embedding: config.fixPositionEmbedding,
  };
  const other = others.find((key) => given[key]);
  if (other !== undefined)
    throw new ConfigError(
      sources.get('fix_encoder') ?? 'fix_encoder',
      'fix_encoder',
      `expected no ${other} beside fix_encoder, which leaves the projection alone to train, got both — leave out one of the two`,
    );
}
