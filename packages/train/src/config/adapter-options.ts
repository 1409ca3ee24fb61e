import type { ParameterStorage } from '@rag/models';
import { choice, flag, positiveNumber, share, text, texts, wholeNumber } from './kind.js';
import { option, optional } from './option.js';

/**
 * Which weights are trained, and how the others are stored: FlagEmbedding's names for its decoders' adapters, PEFT's as aliases, for every task.
 */
export const adapterOptions = {
  use_lora: option(flag, false, 'train low-rank adapters (LoRA) beside frozen weights'),
  lora_rank: option(wholeNumber(1), 64, 'rank of the adapters', { aliases: ['lora_r'] }),
  lora_alpha: option(positiveNumber, 16, 'scale of the adapters: lora_alpha / lora_rank'),
  lora_dropout: option(share, 0.1, 'dropout before the adapters'),
  use_rslora: option(flag, false, 'scale of the adapters by the root of the rank'),
  target_modules: option(
    texts,
    ['all-linear'],
    'linear layers that get an adapter, by names or their ends, one regular expression, or all-linear: all but the head',
  ),
  exclude_modules: optional(texts, 'linear layers that get none'),
  modules_to_save: optional(
    texts,
    'modules that are trained and saved whole; without it the head of a reranker',
  ),
  save_merged_lora_model: option(
    flag,
    false,
    'save the model with its adapters merged, in place of the adapters alone',
  ),
  from_peft: optional(text, 'directory of an adapter to go on from', { path: 'place' }),
  raw_peft: optional(texts, 'directories of adapters that are merged before training', {
    path: 'place',
  }),
  freeze: optional(
    texts,
    'parameters that are not trained: names with * ? [0-5] {0,11} in them, or /regular expressions/',
  ),
  trainable: optional(texts, 'parameters that are trained all the same; without freeze, these alone'),
  frozen_dtype: option(
    choice(['fp32', 'fp16', 'bf16', 'int8', 'int4'], {
      float32: 'fp32',
      float16: 'fp16',
      bfloat16: 'bf16',
      '8bit': 'int8',
      '4bit': 'int4',
    }),
    'fp32',
    'how matrices that are not trained are stored',
  ),
  layer_split: option(
    flag,
    false,
    'one layer at a time: the layers share a graph and compute activations again',
  ),
};

/** The storage of each `frozen_dtype`. */
export const FROZEN_STORAGE = {
  fp32: 'float32',
  fp16: 'float16',
  bf16: 'bfloat16',
  int8: 'int8',
  int4: 'int4',
} as const satisfies Readonly<Record<string, ParameterStorage>>;
