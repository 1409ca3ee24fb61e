/**
 * Qwen2 and Qwen2.5 (https://arxiv.org/abs/2407.10671) and Qwen3 (https://arxiv.org/abs/2505.09388), as `modeling_qwen2.py` and
 * `modeling_qwen3.py` of transformers 5 compute them.
 */
import type { EncoderConfig } from '../config.js';
import { type ConfigFile, flag, orNull, whole } from '../config-file.js';
import { isJsonObject } from '../file-source.js';
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
import type { DecoderTraits, LayerType } from './decoder-traits.js';

export interface QwenConfig extends DecoderConfig {
  /** Biases of all four projections (Qwen3). */
  readonly attention_bias: boolean | undefined;
  readonly use_sliding_window: boolean | undefined;
  readonly sliding_window: number | null | undefined;
  /** Layers from this one on are of sliding attention, where `layer_types` does not list them. */
  readonly max_window_layers: number | undefined;
  readonly layer_types: readonly LayerType[] | null | undefined;
}

function own(file: ConfigFile, common: CommonFields): Omit<QwenConfig, keyof EncoderConfig> {
  const fields = {
    ...decoderFields(file, common),
    attention_bias: file.takeOr('attention_bias', flag, undefined),
    use_sliding_window: file.takeOr('use_sliding_window', flag, undefined),
    sliding_window: file.takeOr('sliding_window', orNull(whole), undefined),
    max_window_layers: file.takeOr('max_window_layers', whole, undefined),
    layer_types: layerTypesOf(file, common),
  };
  // Alibaba-NLP's code is causal or not as its callers ask; its embedders state which.
  if (
    isJsonObject(file.json.auto_map) &&
    file.json.auto_map.AutoModel !== undefined &&
    fields.is_causal === undefined
  )
    file.refuse('is_causal', 'true or false, for published code that may compute either', undefined);
  if (fields.layer_types?.includes('sliding_attention') && !slidingWindow(fields))
    file.refuse(
      'sliding_window',
      'a number of tokens, for the layers of sliding attention',
      fields.sliding_window,
    );
  return fields;
}

/** 4096 is what transformers takes for a file that says nothing. */
const slidingWindow = ({
  use_sliding_window,
  sliding_window = 4096,
}: Pick<QwenConfig, 'use_sliding_window' | 'sliding_window'>) => (use_sliding_window ? sliding_window : null);

/** 28 is what transformers takes for a file that says nothing. */
function layerTypes(config: QwenConfig): readonly LayerType[] {
  const { layer_types, max_window_layers = 28, num_hidden_layers } = config;
  const slides = slidingWindow(config) !== null;
  return (
    layer_types ??
    Array.from(
      { length: num_hidden_layers },
      (_, i): LayerType => (slides && i >= max_window_layers ? 'sliding_attention' : 'full_attention'),
    )
  );
}

function traits(config: QwenConfig): DecoderTraits {
  const plain = plainTraits(config);
  return {
    ...plain,
    layerTypes: layerTypes(config),
    window: windowOf(slidingWindow(config), plain.isCausal),
  };
}

/** Classes of published code that compute the same, with the attention that `is_causal` asks for. */
const hubClasses = /^Qwen2(Config|Model|ForCausalLM|ForSequenceClassification)$/;

export const qwen2: Architecture<QwenConfig> = decoder({
  className: 'Qwen2',
  config: { hubClasses, common: decoderCommon, own },
  traits: (config) => ({
    ...traits(config),
    bias: { queryKeyValue: true, output: false, feedForward: false },
  }),
});

export const qwen3: Architecture<QwenConfig> = decoder({
  className: 'Qwen3',
  config: { common: decoderCommon, own },
  traits: (config) => {
    const bias = config.attention_bias ?? false;
    // transformers' default of the width, for files that leave it out.
    const head_dim = config.head_dim ?? 128;
    return {
      ...traits({ ...config, head_dim }),
      headNorms: true,
      bias: { queryKeyValue: bias, output: bias, feedForward: false },
    };
  },
});
