import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  flag,
  type HiddenAct,
  type Kind,
  listOf,
  oneOf,
  orNull,
  positive,
  probability,
} from '../config-file.js';
import { type RopeScaling, ropeScaling } from '../rope-scaling.js';
import type { CommonFields, ConfigRules } from './architecture.js';
import { type DecoderRope, LAYER_TYPES, type LayerType } from './decoder-traits.js';

/** The fields that every decoder's config.json may have, undefined where it leaves one out. */
export interface DecoderConfig<Rope = RopeScaling> extends EncoderConfig {
  readonly intermediate_size: number;
  /** null or absent: as many as query heads. */
  readonly num_key_value_heads: number | null | undefined;
  /** null or absent: the hidden size shared out among the heads. */
  readonly head_dim: number | null | undefined;
  readonly hidden_act: HiddenAct | undefined;
  readonly rms_norm_eps: number;
  readonly attention_dropout: number | undefined;
  readonly tie_word_embeddings: boolean | undefined;
  readonly rope_theta: number | undefined;
  readonly rope_scaling: RopeScaling | null | undefined;
  /** As transformers 5 states theta and scaling together. */
  readonly rope_parameters: Rope | undefined;
  /** false: every token sees its whole sequence, as embedders that were trained so ask for. */
  readonly is_causal: boolean | undefined;
}

/** Fields that decoders do not know, or may leave out. */
export const decoderCommon: NonNullable<ConfigRules<DecoderConfig>['common']> = {
  type_vocab_size: { fixed: 0 },
  pad_token_id: { absent: null },
  initializer_range: { absent: 0.02 },
};

/** Theta where a file states none, as in transformers. */
const THETA = 10_000;

/**
 * Reads the fields of `DecoderConfig`.
 * @param rope how `rope_parameters` is stated, where that is by layer type
 * @throws ConfigError for what the graph cannot do
 */
export function decoderFields<Rope = RopeScaling>(
  file: ConfigFile,
  common: CommonFields,
  rope: Kind<Rope> = ropeScaling as unknown as Kind<Rope>,
): Omit<DecoderConfig<Rope>, keyof EncoderConfig> {
  const { hidden_size, num_attention_heads } = common;
  const num_key_value_heads = file.takeOr('num_key_value_heads', orNull(count), undefined);
  if (num_key_value_heads && num_attention_heads % num_key_value_heads !== 0)
    file.refuse(
      'num_key_value_heads',
      `a divisor of "num_attention_heads" (${num_attention_heads})`,
      num_key_value_heads,
    );
  const head_dim = file.takeOr('head_dim', orNull(count), undefined);
  if ((head_dim ?? hidden_size / num_attention_heads) % 2 !== 0)
    file.refuse(
      head_dim ? 'head_dim' : 'num_attention_heads',
      'heads of an even width, for rotary positions',
      head_dim ?? num_attention_heads,
    );
  file.only('partial_rotary_factor', [1]);
  file.only('pretraining_tp', [1]);
  return {
    intermediate_size: file.take('intermediate_size', count),
    num_key_value_heads,
    head_dim,
    hidden_act: file.takeOr('hidden_act', activation, undefined),
    rms_norm_eps: file.takeOr('rms_norm_eps', positive, 1e-6),
    attention_dropout: file.takeOr('attention_dropout', probability, undefined),
    tie_word_embeddings: file.takeOr('tie_word_embeddings', flag, undefined),
    rope_theta: file.takeOr('rope_theta', positive, undefined),
    rope_scaling: file.takeOr('rope_scaling', orNull(ropeScaling), undefined),
    rope_parameters: file.takeOr('rope_parameters', rope, undefined),
    is_causal: file.takeOr('is_causal', flag, undefined),
  };
}

/** Theta and scaling of a file that states one of each. */
export function ropeOf({
  rope_theta,
  rope_scaling,
  rope_parameters,
}: Pick<DecoderConfig, 'rope_theta' | 'rope_scaling' | 'rope_parameters'>): DecoderRope {
  return {
    theta: rope_parameters?.rope_theta ?? rope_theta ?? THETA,
    scaling: rope_parameters ?? rope_scaling ?? {},
  };
}

/** `layer_types` of a file that lists them. @throws ConfigError unless there is one per layer */
export function layerTypesOf(
  file: ConfigFile,
  { num_hidden_layers }: CommonFields,
): readonly LayerType[] | null | undefined {
  const types = file.takeOr('layer_types', orNull(listOf(oneOf(LAYER_TYPES))), undefined);
  if (types && types.length !== num_hidden_layers)
    file.refuse('layer_types', `${num_hidden_layers} entries, one per layer`, types);
  return types;
}

/**
 * The columns that sliding attention sees, as `VisibleColumns.window`: transformers counts the token's own column in a causal window, and
 * not in one to both sides.
 */
export const windowOf = (window: number | null | undefined, isCausal: boolean): number | undefined =>
  window === null || window === undefined ? undefined : isCausal ? window : window + 1;

/** What the fields of `DecoderConfig` decide alone, for a family of pre-norm layers without further norms. */
export function plainTraits(config: DecoderConfig) {
  const headWidth = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const rope = ropeOf(config);
  return {
    headWidth,
    keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads,
    intermediateSize: config.intermediate_size,
    activation: config.hidden_act ?? 'silu',
    epsilon: config.rms_norm_eps,
    normOffset: 0,
    bias: { queryKeyValue: false, output: false, feedForward: false },
    headNorms: false,
    postNorms: false,
    embeddingScale: 1,
    residualScale: 1,
    attentionScale: 1 / Math.sqrt(headWidth),
    attentionSoftcap: null,
    attentionDropout: config.attention_dropout ?? 0,
    isCausal: config.is_causal ?? true,
    layerTypes: Array.from({ length: config.num_hidden_layers }, (): LayerType => 'full_attention'),
    window: undefined,
    rope: { full_attention: rope, sliding_attention: rope },
    tied: config.tie_word_embeddings ?? false,
    logitScale: 1,
    logitSoftcap: null,
  } as const;
}
