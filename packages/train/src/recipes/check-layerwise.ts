import { ConfigError } from '../config/config-error.js';
import type { RerankerConfig } from '../config/reranker-options.js';

/** What the settings say of a layer-wise model's heads. */
export type LayerwiseSettings = Pick<RerankerConfig, 'startLayer' | 'headMulti' | 'headType'>;

/** What a file that leaves them out has (FlagEmbedding's configuration_minicpm_reranker.py). */
const DEFAULTS = { start_layer: 8, head_multi: true, head_type: 'simple' } as const;

/**
 * Holds what the settings say of a layer-wise model's heads against its config.json, which is what is trained.
 * @param json config.json, unchecked
 * @throws ConfigError where they differ, or where the model is no layer-wise one
 */
export function checkLayerwise(
  json: Readonly<Record<string, unknown>>,
  { startLayer, headMulti, headType }: Partial<LayerwiseSettings>,
): void {
  const asked = { start_layer: startLayer, head_multi: headMulti, head_type: headType };
  for (const key of ['start_layer', 'head_multi', 'head_type'] as const) {
    if (asked[key] === undefined) continue;
    if (json.start_layer === undefined)
      throw new ConfigError(
        key,
        key,
        `expected a layer-wise model with it, got model_type ${json.model_type} without start_layer — start from one, such as BAAI/bge-reranker-v2-minicpm-layerwise, or leave it out`,
      );
    const stated = json[key] ?? DEFAULTS[key];
    if (stated !== asked[key])
      throw new ConfigError(
        key,
        key,
        `expected ${stated}, as the model’s config.json states, got ${asked[key]} — leave it out`,
      );
  }
}
