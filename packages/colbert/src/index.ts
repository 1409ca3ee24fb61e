export type { ModelCudaOptions } from '@rag/runtime';
export type { Pair } from './check-texts.js';
export { ColBERT } from './colbert.js';
export type {
  ColbertFileParts,
  ColbertParts,
  EncodeOptions,
  EncodePassagesOptions,
  EncodeQueriesOptions,
  FromPretrainedOptions,
  OpenOptions,
  Ranked,
  RerankOptions,
  ScoreOptions,
} from './colbert-options.js';
export type { ColbertLayout, ColbertSettings, ProjectionLayer } from './colbert-settings.js';
export type { NarrowExport } from './judge-export.js';
export { type MaxSim, type MaxSimOptions, openMaxSim } from './max-sim.js';
export { poolTokens } from './token-pooling.js';
export { packVectors, type TokenVectors } from './token-vectors.js';
