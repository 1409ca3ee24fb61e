/**
 * Llama 2 and 3 (https://arxiv.org/abs/2407.21783) and Mistral (https://arxiv.org/abs/2310.06825), as `modeling_llama.py` and
 * `modeling_mistral.py` of transformers 5 compute them.
 */
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, count, flag, orNull } from '../config-file.js';
import type { Architecture, CommonFields } from './architecture.js';
import { decoder } from './decoder.js';
import { type DecoderConfig, decoderCommon, decoderFields, plainTraits, windowOf } from './decoder-config.js';
import type { DecoderTraits, LayerType } from './decoder-traits.js';

export interface LlamaConfig extends DecoderConfig {
  /** Biases of all four projections. */
  readonly attention_bias: boolean | undefined;
  readonly mlp_bias: boolean | undefined;
}

export const llama: Architecture<LlamaConfig> = decoder({
  className: 'Llama',
  config: {
    common: decoderCommon,
    own: (file: ConfigFile, common: CommonFields): Omit<LlamaConfig, keyof EncoderConfig> => ({
      ...decoderFields(file, common),
      attention_bias: file.takeOr('attention_bias', flag, undefined),
      mlp_bias: file.takeOr('mlp_bias', flag, undefined),
    }),
  },
  traits(config): DecoderTraits {
    const { attention_bias = false, mlp_bias = false } = config;
    return {
      ...plainTraits(config),
      bias: { queryKeyValue: attention_bias, output: attention_bias, feedForward: mlp_bias },
    };
  },
});

export interface MistralConfig extends DecoderConfig {
  /** Of every layer; null: none. */
  readonly sliding_window: number | null | undefined;
}

export const mistral: Architecture<MistralConfig> = decoder({
  className: 'Mistral',
  config: {
    common: decoderCommon,
    own(file: ConfigFile, common: CommonFields): Omit<MistralConfig, keyof EncoderConfig> {
      // Files with layers of several types are of another family, Ministral.
      file.only('layer_types', [null]);
      return {
        ...decoderFields(file, common),
        sliding_window: file.takeOr('sliding_window', orNull(count), undefined),
      };
    },
  },
  traits(config): DecoderTraits {
    const plain = plainTraits(config);
    // 4096 is what transformers takes for a file that says nothing.
    const { sliding_window = 4096 } = config;
    const type: LayerType = sliding_window === null ? 'full_attention' : 'sliding_attention';
    return {
      ...plain,
      layerTypes: plain.layerTypes.map(() => type),
      window: windowOf(sliding_window, plain.isCausal),
    };
  },
});
