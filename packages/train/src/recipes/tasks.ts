import type { OpenOptions } from '@rag/runtime';
import { resolveColbert } from '../config/colbert-config.js';
import { colbertOptions } from '../config/colbert-options.js';
import { resolveEmbedding } from '../config/embedding-config.js';
import { embeddingOptions } from '../config/embedding-options.js';
import type { OptionTable } from '../config/option.js';
import type { Presets } from '../config/presets.js';
import { resolveReranker } from '../config/reranker-config.js';
import { rerankerOptions } from '../config/reranker-options.js';
import { rerankerPresets } from '../config/reranker-presets.js';
import type { Setting } from '../config/resolve.js';
import { colbertPresets, embeddingPresets } from '../config/retrieval-presets.js';
import { prepareColbert, trainColbert } from './colbert.js';
import { prepareEmbedding, trainEmbedding } from './embedding.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import { prepareReranker, trainReranker } from './reranker.js';
import type { RunPlatform } from './run-platform.js';

/** A task that can be trained: its settings and its run. */
export interface TrainableTask<Settings extends ResolvedTask, Run> {
  readonly description: string;
  readonly table: OptionTable;
  /** What `preset` may name. */
  readonly presets: Presets;
  /** Checks settings, layer over layer; throws ConfigError. */
  resolve(layers: readonly (readonly Setting[])[]): Settings;
  /** Opens model and data as `train` does; the model is to be disposed of and the data are to be closed. */
  prepare(
    resolved: Settings,
    platform: RunPlatform,
    opening: OpenOptions,
  ): Promise<PreparedTask<OpenModel, unknown>>;
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
    presets: rerankerPresets,
    resolve: resolveReranker,
    prepare: prepareReranker,
    train: trainReranker,
  }),
  embedding: task({
    description: 'fine-tune or distil an embedding model',
    table: embeddingOptions,
    presets: embeddingPresets,
    resolve: resolveEmbedding,
    prepare: prepareEmbedding,
    train: trainEmbedding,
  }),
  colbert: task({
    description: 'fine-tune a ColBERT model',
    table: colbertOptions,
    presets: colbertPresets,
    resolve: resolveColbert,
    prepare: prepareColbert,
    train: trainColbert,
  }),
};

export type TaskName = keyof typeof tasks;
