export type { ModelCudaOptions, OpenOptions } from '@rag/runtime';
export { calibrationRanges, type EmbeddingRanges } from './calibration-ranges.js';
export { Embedding } from './embedding.js';
export {
  DENSE_ACTIVATIONS,
  type DenseActivation,
  type DenseSpec,
  type EmbeddingHead,
  embeddingDimension,
  POOLING_MODES,
  type PoolingMode,
} from './embedding-head.js';
export type { EmbeddingParts, FromPretrainedOptions } from './embedding-options.js';
export type { EmbeddingSettings } from './embedding-settings.js';
export type { EncodeOptions, Texts, Vectors } from './encode-options.js';
export { instructionPrompt } from './instruction-prompt.js';
export type { NarrowExport } from './judge-export.js';
export {
  type BinaryEmbeddings,
  type ByteEmbeddings,
  EMBEDDING_PRECISIONS,
  type EmbeddingPrecision,
  type QuantizedEmbeddings,
  type QuantizedTo,
  type QuantizeOptions,
  quantizeEmbeddings,
} from './quantize-embeddings.js';
export { type QuantizedHit, type SearchQuantizedOptions, searchQuantized } from './search-quantized.js';
export type { TextsTokenizer } from './text-encoder.js';
