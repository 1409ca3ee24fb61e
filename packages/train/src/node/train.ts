import { availableParallelism } from 'node:os';
import { type ResolvedReranker, resolveReranker, settingsOf } from '../config/reranker-config.js';
import type { RerankerOptions } from '../config/reranker-options.js';
import { type RerankerRun, type RunListener, trainReranker } from '../recipes/reranker.js';
import { nodeFiles } from './node-files.js';
import { progress } from './progress.js';
import { version } from './version.js';

/** What to train, and the settings of that task in camelCase. */
export type TrainOptions = { readonly task: 'reranker' } & RerankerOptions;

/** Who watches, and who may stop it. */
export interface TrainControl {
  /** Hears every line and update; by default the terminal's standard output. */
  readonly listener?: RunListener;
  /** Ends the run after the update in progress. */
  readonly signal?: AbortSignal;
}

/**
 * Fine-tunes a model on this machine: what `rag train` calls. Writes the final model to `<outputDir>/model`, checkpoints
 * and run.json beside it.
 * @throws ConfigError for settings, DataError for rows, and the errors of model files and sessions
 */
export async function train(options: TrainOptions, control: TrainControl = {}): Promise<RerankerRun> {
  const { task, ...settings } = options;
  if (task !== 'reranker')
    throw new RangeError(`task: expected "reranker", got ${JSON.stringify(task)} — other tasks come later`);
  return runReranker(resolveReranker([settingsOf(settings)]), control);
}

/** Runs settings that are resolved already. */
export async function runReranker(
  resolved: ResolvedReranker,
  { listener, signal }: TrainControl = {},
): Promise<RerankerRun> {
  const platform = { files: nodeFiles, threads: availableParallelism(), version, ...(signal && { signal }) };
  if (listener) return trainReranker(resolved, { ...platform, listener });
  const shown = progress(process.stdout, resolved.config.logInterval);
  try {
    return await trainReranker(resolved, { ...platform, listener: shown });
  } finally {
    shown.end();
  }
}
