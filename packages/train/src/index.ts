export { type CompleteColbertConfig, type ResolvedColbert, resolveColbert } from './config/colbert-config.js';
export type { ColbertConfig, ColbertOptions } from './config/colbert-options.js';
export { ConfigError } from './config/config-error.js';
export {
  type CompleteEmbeddingConfig,
  type ResolvedEmbedding,
  resolveEmbedding,
} from './config/embedding-config.js';
export type { EmbeddingConfig, EmbeddingOptions } from './config/embedding-options.js';
export {
  type CompleteRerankerConfig,
  type ResolvedReranker,
  resolveReranker,
} from './config/reranker-config.js';
export type { RerankerConfig, RerankerOptions } from './config/reranker-options.js';
export type { NotActive, Setting } from './config/resolve.js';
export { settingsOf } from './config/resolve.js';
export { type ColbertRun, trainColbert } from './recipes/colbert.js';
export { type EmbeddingRun, trainEmbedding } from './recipes/embedding.js';
export { type RerankerRun, trainReranker } from './recipes/reranker.js';
export type { RerankerEvaluation } from './recipes/reranker-evaluation.js';
export type { RetrieverEvaluation } from './recipes/retrieval-evaluation.js';
export type { RunListener, RunPlatform, TaskRun } from './recipes/run-task.js';
export type { RunFiles } from './run-files.js';
export { countUpdates, type Decay, type Schedule, type ScheduleOptions, schedule } from './schedule.js';
export {
  type EpochEvent,
  type StepEvent,
  type TaskBatch,
  Trainer,
  type TrainerOptions,
  type TrainerSession,
  type TrainingResult,
  type TrainingTask,
} from './trainer.js';
