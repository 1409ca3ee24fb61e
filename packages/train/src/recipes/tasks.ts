import type { OptionTable } from '../config/option.js';
import { resolveReranker } from '../config/reranker-config.js';
import { rerankerOptions } from '../config/reranker-options.js';
import type { Setting } from '../config/resolve.js';
import { trainReranker } from './reranker.js';
import type { ResolvedTask, RunPlatform } from './run-task.js';

/** A task that can be trained: its settings and its run. */
export interface TrainableTask<Settings extends ResolvedTask, Run> {
  readonly description: string;
  readonly table: OptionTable;
  /** Checks settings, layer over layer; throws ConfigError. */
  resolve(layers: readonly (readonly Setting[])[]): Settings;
  train(resolved: Settings, platform: RunPlatform): Promise<Run>;
}

const task = <Settings extends ResolvedTask, Run>(
  trainable: TrainableTask<Settings, Run>,
): TrainableTask<Settings, Run> => trainable;

/** Every task by its name, in code and on the command line. */
export const tasks = {
  reranker: task({
    description: 'fine-tune a cross-encoder',
    table: rerankerOptions,
    resolve: resolveReranker,
    train: trainReranker,
  }),
};

export type TaskName = keyof typeof tasks;
