export type { ColbertOptions } from '../config/colbert-options.js';
export { ConfigError } from '../config/config-error.js';
export type { EmbeddingOptions } from '../config/embedding-options.js';
export type { RerankerOptions } from '../config/reranker-options.js';
export { type ChatTeacherOptions, chatTeacher, type ServedModel } from '../distill/chat-teacher.js';
export type { CostOptions } from '../distill/cost-meter.js';
export { type DistilledScores, UnfinishedScoresError } from '../distill/distill-scores.js';
export { type Endpoint, type EndpointOptions, openEndpoint } from '../distill/endpoint.js';
export { EndpointError } from '../distill/endpoint-error.js';
export { type LikelihoodTeacherOptions, likelihoodTeacher } from '../distill/likelihood-teacher.js';
export { type ModelTeacherOptions, modelTeacher } from '../distill/model-teacher.js';
export type { AnswerForm } from '../distill/read-verdict.js';
export { type Secret, secretOf } from '../distill/secret.js';
export type { PairModel, Teacher, TeacherPair, TokenUsage, Verdict } from '../distill/teacher.js';
export type { DoctorMode } from '../doctor/before-run.js';
export { type DoctorPlatform, type DoctorReport, examine } from '../doctor/examine.js';
export { type Finding, formatFinding } from '../doctor/finding.js';
export { formatReport } from '../doctor/format-report.js';
export { type MeasuredRun, measureRun, type ProbePlatform } from '../doctor/measure-run.js';
export type { Probe } from '../doctor/probe.js';
export { RefusedRunError } from '../doctor/refused-run-error.js';
export type { AskedRun } from '../doctor/task-settings.js';
export type { ColbertRun } from '../recipes/colbert.js';
export type { EmbeddingRun } from '../recipes/embedding.js';
export type { RerankerRun } from '../recipes/reranker.js';
export type { RerankerEvaluation } from '../recipes/reranker-evaluation.js';
export type { RetrieverEvaluation } from '../recipes/retrieval-evaluation.js';
export type { RunListener } from '../recipes/run-platform.js';
export type { LoggedStep } from '../recipes/step-log.js';
export { CheckpointError } from '../resume/checkpoint-error.js';
export { SaveFailedError } from '../resume/save-failure.js';
export type { Served } from '../serve/http-server.js';
export type { ModelsToServe } from '../serve/open-served-models.js';
export { type ServeLimits, type ServeOptions, serve } from '../serve/serve.js';
export { type ConsoleOptions, consoleTracker } from '../trackers/console-tracker.js';
export { histogramOf } from '../trackers/histogram.js';
export { type JsonlOptions, jsonlTracker } from '../trackers/jsonl-tracker.js';
export { type MlflowOptions, mlflowTracker } from '../trackers/mlflow-tracker.js';
export { nodeTrackerFiles } from '../trackers/node/node-tracker-files.js';
export { type TensorboardOptions, tensorboardTracker } from '../trackers/tensorboard-tracker.js';
export { type TrackOptions, track } from '../trackers/track.js';
export type {
  Outcome,
  TrackedEntry,
  TrackedRun,
  Tracker,
  TrackerDriver,
  TrackerProblem,
} from '../trackers/tracker.js';
export { trackers } from '../trackers/trackers.js';
export { type WandbOfflineOptions, wandbOfflineTracker } from '../trackers/wandb-offline-tracker.js';
export { type WandbOnlineOptions, wandbOnlineTracker } from '../trackers/wandb-online-tracker.js';
export type { StepEvent } from '../trainer.js';
export { runCommandLine } from './command-line.js';
export {
  type ChangedTexts,
  type CutReport,
  type CutVocabularyOptions,
  cutVocabulary,
} from './cut-vocabulary.js';
export { type DistillScoresOptions, distillScores } from './distill-scores.js';
export {
  type DistillVectorsOptions,
  distillVectors,
  type TeacherToOpen,
  type VectorManifest,
} from './distill-vectors.js';
export { nodeFiles } from './node-files.js';
export { type TrainControl, type TrainOptions, train } from './train.js';
export { openUnfinishedFile } from './unfinished-file.js';
export { workFolder } from './work-folder.js';
