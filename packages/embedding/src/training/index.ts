export type { DropoutDraw } from '@rag/models';
export { type EmbeddingToSave, embeddingCheckpoint } from '../checkpoint-to-save.js';
export { headParameters } from '../embedding-files.js';
export { eosTokenizer } from '../eos-tokenizer.js';
export { type TextTokenizer, textEncoder } from '../text-encoder.js';
export {
  type CollateContrastiveOptions,
  type CollatedBatch,
  type CollateOptions,
  type CollateTextsOptions,
  collateContrastive,
  collateScored,
  collateTexts,
  type Examples,
} from './collate.js';
export { distillHead, mrlHead } from './heads.js';
export {
  type EmbeddingLoss,
  type EmbeddingObjectiveOptions,
  embeddingObjective,
  embeddingParameters,
} from './objective.js';
