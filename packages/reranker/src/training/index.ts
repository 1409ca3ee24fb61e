export type { DropoutDraw } from '@rag/models';
export { causalParameters } from '../answer-scores.js';
export { type RerankerToSave, rerankerCheckpoint } from '../checkpoint-to-save.js';
export { classifierConfig } from '../classifier-config.js';
export { classifierParameters } from '../classifier-graph.js';
export type { RerankerParts } from '../open-reranker.js';
export { type PairEncoder, pairEncoder, type TextCuts } from '../pair-encoder.js';
export type { RerankerKind } from '../reranker.js';
export { filesOfLength } from '../reranker-config.js';
export type { Scores } from '../score-model.js';
export {
  type CollatedBatch,
  type CollateOptions,
  collateGroups,
  collatePointwise,
  type Examples,
} from './collate.js';
export { type RerankerLoss, type RerankerObjectiveOptions, rerankerObjective } from './objective.js';
