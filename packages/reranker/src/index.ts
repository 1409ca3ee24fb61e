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
export { LLMDecoder, type LLMDecoderOptions, type LLMDecoderParts } from './llm-decoder.js';
export type { Pair } from './pair-encoder.js';
export type { PairTemplate } from './pair-template.js';
export { Reranker, type RerankerOptions } from './reranker.js';
export type { AnswerTokens } from './reranker-config.js';
export { type YesNoOptions, type YesNoParts, YesNoReranker } from './yes-no-reranker.js';
