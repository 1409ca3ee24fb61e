import type { ParameterStorage } from '@rag/models';
import { choice, flag, positiveNumber, share, text, texts, wholeNumber } from './kind.js';
import { later } from './option.js';

/** What runs while a recipe does not read these settings. */
const ALL = 'all weights, in float32';

/**
 * Which weights are trained, and how the others are stored: FlagEmbedding's names for its decoders' adapters, PEFT's as aliases, for every task.
 */
export const adapterOptions = {
  use_lora: later(flag, false, ALL, 'train low-rank adapters (LoRA) beside frozen weights'),
  lora_rank: later(wholeNumber(1), 64, ALL, 'rank of the adapters', { aliases: ['lora_r'] }),
  lora_alpha: later(positiveNumber, 16, ALL, 'scale of the adapters: lora_alpha / lora_rank'),
  lora_dropout: later(share, 0.1, ALL, 'dropout before the adapters'),
  use_rslora: later(flag, false, ALL, 'scale of the adapters by the root of the rank'),
  target_modules: later(
    texts,
    ['all-linear'],
    ALL,
    'linear layers that get an adapter, by names or their ends, one regular expression, or all-linear: all but the head',
  ),
  exclude_modules: later(texts, undefined, ALL, 'linear layers that get none'),
  modules_to_save: later(
    texts,
    undefined,
    ALL,
    'modules that are trained and saved whole; without it the head of a reranker',
  ),
  save_merged_lora_model: later(
    flag,
    false,
    ALL,
    'save the model with its adapters merged, in place of the adapters alone',
  ),
  from_peft: later(text, undefined, ALL, 'directory of an adapter to go on from', { path: 'place' }),
  raw_peft: later(texts, undefined, ALL, 'directories of adapters that are merged before training', {
    path: 'place',
  }),
  freeze: later(
    texts,
    undefined,
    ALL,
    'parameters that are not trained: names with * ? [0-5] {0,11} in them, or /regular expressions/',
  ),
  trainable: later(
    texts,
    undefined,
    ALL,
    'parameters that are trained all the same; without freeze, these alone',
  ),
  frozen_dtype: later(
    choice(['fp32', 'fp16', 'bf16', 'int8', 'int4'], {
      float32: 'fp32',
      float16: 'fp16',
      bfloat16: 'bf16',
      '8bit': 'int8',
      '4bit': 'int4',
    }),
    'fp32',
    ALL,
    'how matrices that are not trained are stored',
  ),
  layer_split: later(
    flag,
    false,
    ALL,
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
