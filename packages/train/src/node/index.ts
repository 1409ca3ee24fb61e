export { ConfigError } from '../config/config-error.js';
export type { RerankerOptions } from '../config/reranker-options.js';
export type { RerankerRun, RunListener } from '../recipes/reranker.js';
export type { RerankerEvaluation } from '../recipes/reranker-evaluation.js';
export type { LoggedStep } from '../recipes/run-record.js';
export type { StepEvent } from '../trainer.js';
export { runCommandLine } from './command-line.js';
export { nodeFiles } from './node-files.js';
export { type TrainControl, type TrainOptions, train } from './train.js';
