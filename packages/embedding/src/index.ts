export {
  DENSE_ACTIVATIONS,
  type DenseActivation,
  type DenseSpec,
  type EmbeddingHead,
  embeddingDimension,
  POOLING_MODES,
  type PoolingMode,
} from './embedding-head.js';
