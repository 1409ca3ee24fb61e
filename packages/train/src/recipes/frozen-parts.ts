import type { AdapterSettings } from '../config/check-adapter.js';
import { ConfigError } from '../config/config-error.js';

/** Settings that leave parts of a model as they are. */
interface FreezingSettings extends AdapterSettings {
  readonly fixPositionEmbedding: boolean;
  /** Of ColBERT: what stands behind the encoder is trained alone. */
  readonly fixEncoder?: boolean;
}

/**
 * `fix_position_embedding` and `fix_encoder` as patterns of `freeze` and `trainable`, which the run reads.
 * @param names every parameter of the model
 * @param behind those that stand behind the encoder
 * @throws ConfigError for `fix_position_embedding` of a model that has none
 */
export function withFrozenParts<Settings extends FreezingSettings>(
  config: Settings,
  names: readonly string[],
  behind: ReadonlySet<string>,
): Settings {
  if (config.fixEncoder) return { ...config, trainable: [...behind] };
  if (!config.fixPositionEmbedding) return config;
  const positions = names.filter((name) => name.includes('position_embeddings'));
  if (positions.length === 0)
    throw new ConfigError(
      'fix_position_embedding',
      'fix_position_embedding',
      'expected a model with position embeddings, got one without (its positions are computed) — leave it out',
    );
  return { ...config, freeze: [...(config.freeze ?? []), ...positions] };
}
