export type { ColbertOptions } from '../config/colbert-options.js';
export { ConfigError } from '../config/config-error.js';
export type { EmbeddingOptions } from '../config/embedding-options.js';
export type { RerankerOptions } from '../config/reranker-options.js';
export type { ColbertRun } from '../recipes/colbert.js';
export type { EmbeddingRun } from '../recipes/embedding.js';
export type { RerankerRun } from '../recipes/reranker.js';
export type { RerankerEvaluation } from '../recipes/reranker-evaluation.js';
export type { RetrieverEvaluation } from '../recipes/retrieval-evaluation.js';
export type { LoggedStep } from '../recipes/run-record.js';
export type { RunListener } from '../recipes/run-task.js';
export type { StepEvent } from '../trainer.js';
export { runCommandLine } from './command-line.js';
export {
  type ChangedTexts,
  type CutReport,
  type CutVocabularyOptions,
  cutVocabulary,
} from './cut-vocabulary.js';
export { nodeFiles } from './node-files.js';
export { type TrainControl, type TrainOptions, train } from './train.js';
