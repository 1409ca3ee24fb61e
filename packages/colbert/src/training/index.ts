export type { DropoutDraw } from '@rag/models';
export { type ColbertToSave, colbertCheckpoint } from '../checkpoint-to-save.js';
export { colbertParameters, projectionParameters } from '../colbert-graph.js';
export { linearProjection, ragRetrievalSettings } from '../colbert-settings.js';
export { type TextEncoder, type TextEncoderOptions, textEncoder } from '../text-encoder.js';
export {
  type CollatedBatch,
  type CollateOptions,
  type ContrastiveCollateOptions,
  collateContrastive,
  collateScored,
  type Examples,
  type UnifiedCollateOptions,
} from './collate.js';
export { type ColbertLoss, type ColbertObjectiveOptions, colbertObjective } from './objective.js';
export { sparseParameters } from './unified-head.js';
