/**
 * Gemma (https://arxiv.org/abs/2403.08295), Gemma 2 (https://arxiv.org/abs/2408.00118) and the text model of Gemma 3
 * (https://arxiv.org/abs/2503.19786), as transformers 5 computes them: norms whose weights start at 0 and get 1 added, embeddings times
 * √hidden.
 */
import type { EncoderConfig } from '../config.js';
import {
  activation,
  type ConfigFile,
  count,
  flag,
  type HiddenAct,
  type Kind,
  orNull,
  positive,
} from '../config-file.js';
import { isJsonObject } from '../file-source.js';
import { type RopeScaling, ropeScaling } from '../rope-scaling.js';
import type { Architecture, CommonFields } from './architecture.js';
import { decoder } from './decoder.js';
import {
  type DecoderConfig,
  decoderCommon,
  decoderFields,
  layerTypesOf,
  plainTraits,
  windowOf,
} from './decoder-config.js';
import { type DecoderTraits, LAYER_TYPES, type LayerType } from './decoder-traits.js';

export interface GemmaConfig<Rope = RopeScaling> extends DecoderConfig<Rope> {
  readonly attention_bias: boolean | undefined;
  /** true: every token sees its whole sequence, as `is_causal: false`. */
  readonly use_bidirectional_attention: boolean | null | undefined;
}

export interface Gemma2Config<Rope = RopeScaling> extends GemmaConfig<Rope> {
  readonly hidden_activation: HiddenAct | undefined;
  /** Scores are multiplied by 1/√ of it. */
  readonly query_pre_attn_scalar: number | undefined;
  readonly sliding_window: number | null | undefined;
  readonly layer_types: readonly LayerType[] | null | undefined;
  readonly final_logit_softcapping: number | null | undefined;
  readonly attn_logit_softcapping: number | null | undefined;
}

type RopeByLayerType = { readonly [Type in LayerType]: RopeScaling };

export interface Gemma3Config extends Gemma2Config<RopeByLayerType> {
  /** Every so many layers, from the last of them, one is of full attention, where `layer_types` does not list them. */
  readonly sliding_window_pattern: number | undefined;
  /** Theta of sliding layers, where `rope_parameters` does not state both. */
  readonly rope_local_base_freq: number | undefined;
}

const gemmaFields = (file: ConfigFile) => ({
  attention_bias: file.takeOr('attention_bias', flag, undefined),
  use_bidirectional_attention: file.takeOr('use_bidirectional_attention', orNull(flag), undefined),
});

const gemma2Fields = (file: ConfigFile, common: CommonFields) => ({
  ...gemmaFields(file),
  hidden_activation: file.takeOr('hidden_activation', activation, undefined),
  query_pre_attn_scalar: file.takeOr('query_pre_attn_scalar', positive, undefined),
  sliding_window: file.takeOr('sliding_window', orNull(count), undefined),
  layer_types: layerTypesOf(file, common),
  final_logit_softcapping: file.takeOr('final_logit_softcapping', orNull(positive), undefined),
  attn_logit_softcapping: file.takeOr('attn_logit_softcapping', orNull(positive), undefined),
});

/** What the three share. 256 is transformers' width of a head for files that leave it out. */
function gemmaTraits(config: GemmaConfig<unknown>) {
  const bias = config.attention_bias ?? false;
  const { head_dim, use_bidirectional_attention, is_causal } = config;
  return {
    ...plainTraits({ ...config, head_dim: head_dim ?? 256, rope_parameters: undefined }),
    bias: { queryKeyValue: bias, output: bias, feedForward: false },
    normOffset: 1,
    embeddingScale: Math.fround(Math.sqrt(config.hidden_size)),
    isCausal: !use_bidirectional_attention && (is_causal ?? true),
    tied: config.tie_word_embeddings ?? true,
  } as const;
}

const oneRope = (config: GemmaConfig) => plainTraits(config).rope;

export const gemma: Architecture<GemmaConfig> = decoder({
  className: 'Gemma',
  freshNorm: 0,
  config: {
    common: decoderCommon,
    own: (file: ConfigFile, common: CommonFields): Omit<GemmaConfig, keyof EncoderConfig> => ({
      ...decoderFields(file, common),
      ...gemmaFields(file),
    }),
  },
  traits(config): DecoderTraits {
    const { hidden_act } = config;
    // The first files say "gelu" and mean its approximation, as transformers reads them.
    const meant = hidden_act === undefined || hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : hidden_act;
    return { ...gemmaTraits(config), rope: oneRope(config), activation: meant };
  },
});

/** What Gemma 2 and 3 share; the numbers are transformers' for files that leave them out. */
function gemma2Traits(config: Gemma2Config<unknown>, every: number) {
  const traits = gemmaTraits(config);
  const { query_pre_attn_scalar = 256, sliding_window = 4096, num_hidden_layers } = config;
  const layerTypes =
    config.layer_types ??
    Array.from({ length: num_hidden_layers }, (_, i) => LAYER_TYPES[(i + 1) % every === 0 ? 0 : 1]);
  return {
    ...traits,
    activation: config.hidden_activation ?? 'gelu_pytorch_tanh',
    postNorms: true,
    attentionScale: 1 / Math.sqrt(query_pre_attn_scalar),
    layerTypes,
    window: windowOf(sliding_window, traits.isCausal),
  } as const;
}

export const gemma2: Architecture<Gemma2Config> = decoder({
  className: 'Gemma2',
  freshNorm: 0,
  config: {
    common: decoderCommon,
    own: (file: ConfigFile, common: CommonFields): Omit<Gemma2Config, keyof EncoderConfig> => ({
      ...decoderFields(file, common),
      ...gemma2Fields(file, common),
    }),
  },
  traits(config): DecoderTraits {
    const { attn_logit_softcapping = 50, final_logit_softcapping = 30 } = config;
    return {
      ...gemma2Traits(config, 2),
      rope: oneRope(config),
      attentionSoftcap: attn_logit_softcapping,
      logitSoftcap: final_logit_softcapping,
    };
  },
});

const ropeByLayerType: Kind<RopeByLayerType> = {
  expected: `for each of ${LAYER_TYPES.join(' and ')}: ${ropeScaling.expected}`,
  accepts: (value): value is RopeByLayerType =>
    isJsonObject(value) && LAYER_TYPES.every((type) => ropeScaling.accepts(value[type])),
};

/** The thetas that transformers takes for files that state none. */
const THETA = { full_attention: 1_000_000, sliding_attention: 10_000 };

export const gemma3Text: Architecture<Gemma3Config> = decoder({
  className: 'Gemma3Text',
  causalLmClass: 'Gemma3ForCausalLM',
  freshNorm: 0,
  config: {
    common: decoderCommon,
    own(file: ConfigFile, common: CommonFields): Omit<Gemma3Config, keyof EncoderConfig> {
      // transformers reads it and caps nothing.
      file.only('attn_logit_softcapping', [null]);
      return {
        ...decoderFields(file, common, ropeByLayerType),
        ...gemma2Fields(file, common),
        sliding_window_pattern: file.takeOr('sliding_window_pattern', count, undefined),
        rope_local_base_freq: file.takeOr('rope_local_base_freq', positive, undefined),
      };
    },
  },
  traits(config): DecoderTraits {
    const { rope_parameters, rope_theta, rope_scaling, rope_local_base_freq, sliding_window = 4096 } = config;
    const traits = gemma2Traits(config, config.sliding_window_pattern ?? 6);
    const { full_attention: full, sliding_attention: sliding } = rope_parameters ?? {};
    return {
      ...traits,
      headNorms: true,
      logitSoftcap: config.final_logit_softcapping ?? null,
      // In both directions the window is shared out to both sides.
      window: traits.isCausal || sliding_window === null ? traits.window : Math.floor(sliding_window / 2) + 1,
      rope: {
        full_attention: {
          theta: full?.rope_theta ?? rope_theta ?? THETA.full_attention,
          scaling: full ?? rope_scaling ?? {},
        },
        sliding_attention: {
          theta: sliding?.rope_theta ?? rope_local_base_freq ?? THETA.sliding_attention,
          scaling: sliding ?? {},
        },
      },
    };
  },
});
