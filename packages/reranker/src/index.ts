export type { ModelCudaOptions, OpenOptions } from '@rag/runtime';
export { CrossEncoder } from './cross-encoder.js';
export type {
  CrossEncoderParts,
  FromPretrainedOptions,
  Ranked,
  RerankOptions,
  ScoreOptions,
} from './cross-encoder-options.js';
export type { NarrowExport } from './judge-export.js';
export type { Pair } from './pair-encoder.js';
