export { type CandidateScores, compareCandidates } from './compare/compare-candidates.js';
export {
  compareRuns,
  type FirstsOfRun,
  firstsOf,
  type JudgedRun,
  type KnownTexts,
} from './compare/compare-runs.js';
export type {
  CompareOptions,
  Comparison,
  SliceComparison,
  SystemComparison,
} from './compare/compare-systems.js';
export { formatComparison } from './compare/format-comparison.js';
export type { QueryExample } from './compare/query-examples.js';
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
export type { UnfinishedFile } from './encode/unfinished-file.js';
export type { NegativeRules } from './mine/choose-negatives.js';
export type { Guard, Rule } from './mine/choose-rows.js';
export { type MineJob, type MineStage, mineNegatives } from './mine/mine-negatives.js';
export { formatMineReport, type Histogram, type MineReport } from './mine/mine-report.js';
export {
  type ColbertMinerOptions,
  colbertMiner,
  type EmbeddingMinerOptions,
  embeddingMiner,
  type MiningRetriever,
  type PassageSearch,
} from './mine/mining-retriever.js';
export type { RankRange } from './mine/search-rows.js';
export type { WorkFiles } from './mine/work-files.js';
export { type ColbertRun, trainColbert } from './recipes/colbert.js';
export { type EmbeddingRun, trainEmbedding } from './recipes/embedding.js';
export { type RerankerRun, trainReranker } from './recipes/reranker.js';
export type { RerankerEvaluation } from './recipes/reranker-evaluation.js';
export type { RetrieverEvaluation } from './recipes/retrieval-evaluation.js';
export type { RunListener, RunPlatform } from './recipes/run-platform.js';
export type { TaskRun } from './recipes/run-task.js';
export { type ComparisonFacts, comparisonPage } from './report/comparison-page.js';
export { CheckpointError } from './resume/checkpoint-error.js';
export { SaveFailedError } from './resume/save-failure.js';
export type { RunFiles } from './run-files.js';
export { countUpdates, type Decay, type Schedule, type ScheduleOptions, schedule } from './schedule.js';
export type { PairScorer, ScorePair } from './score/pair-scorer.js';
export type { ScoredForm } from './score/row-to-score.js';
export { type ScoreJob, type ScoreReport, type ScoreSummary, scoreRows } from './score/score-rows.js';
export type { RowsEvent } from './score/transform-rows.js';
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
export type { TrainerPosition } from './trainer-position.js';
