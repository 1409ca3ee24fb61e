import type { DropoutDraw, ModelCard, ModelCardMetric } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import type { Collective, Objective, OpenOptions, TrainingSession } from '@rag/runtime';
import type { Comparison } from '../compare/compare-systems.js';
import type { CompleteConfig } from '../config/check-shared.js';
import type { OptionTable } from '../config/option.js';
import type { Resolved } from '../config/resolve.js';
import type { ChanceLevel } from '../sentinel/sentinel.js';
import type { TaskBatch } from '../trainer.js';
import type { DataFiles, WrittenModel } from './final-model.js';
import type { InitialWeights } from './initial-weights.js';
import type { BaseModel } from './model-source.js';
import type { WeightsToTrain } from './weights-to-train.js';

/** Settings of a task, all of them known to be good. */
export interface ResolvedTask extends Pick<Resolved, 'sources' | 'notActive'> {
  readonly table: OptionTable;
  readonly config: CompleteConfig & { readonly batchSize: number };
}

/** A model class of a task, as far as a run holds it. */
export interface OpenModel extends WrittenModel {
  dispose(): void;
}

/** The weights that training starts from, by Hugging Face's names. */
export interface StartingWeights {
  readonly modelType: string;
  readonly weights: InitialWeights;
  /** Parameters that were initialised afresh: none, a head, or all. */
  readonly fresh: readonly string[];
  readonly base: BaseModel;
}

/** Training rows, tokenized batch by batch. */
export interface TaskData {
  readonly batchesPerEpoch: number;
  /** For run.json. */
  readonly summary: unknown;
  readonly fingerprint: string;
  /** The batches of an epoch from batch `from` on, by default all; `dropout` tells what each draws. */
  batches(epoch: number, dropout: (batch: number) => DropoutDraw, from?: number): AsyncIterable<TaskBatch>;
  close(): Promise<void>;
}

/** How good a model is, for people and as numbers. */
export interface Evaluated {
  /** For the terminal. */
  readonly text: string;
  /** Means by metric, such as `ndcg@10`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A model between before and after, as run.json tells of it. */
export interface EvaluatedEpoch {
  /** From 0. */
  readonly epoch: number;
  /** Updates done; absent at the end of the epoch. */
  readonly update?: number;
}

/** Evaluates the models of a run on the same held-out rows. */
export interface TaskEvaluator<Model, Evaluation> {
  before(model: Model): Promise<Evaluated>;
  /** @param update updates done, where that is in the middle of the epoch */
  epoch(model: Model, epoch: number, update?: number): Promise<Evaluated>;
  /** What `epoch` found so far: JSON, which a checkpoint keeps. */
  readonly epochs: readonly EvaluatedEpoch[];
  /** Takes the place of `epochs` in a run that goes on. */
  restore(epochs: readonly EvaluatedEpoch[]): void;
  after(model: Model): Promise<Evaluated>;
  /** Everything, once before and after are known. */
  result(): Evaluation;
  /** Of the model after training, for its card. */
  metrics(): ModelCardMetric[];
  /** Before beside after, query by query, with some texts of the held-out rows: for run.json, never for a model's directory. */
  comparison?(): Comparison | undefined;
  /** Of the held-out rows, for run.json. */
  readonly rows: Readonly<Record<string, unknown>>;
}

/** A task whose model and data are open. */
export interface PreparedTask<Model extends OpenModel, Evaluation> {
  readonly start: StartingWeights;
  /** The model that training starts from, ready for use; `runTask` disposes of it. */
  readonly model: Model;
  readonly objective: Objective;
  /** Which weights are trained, and where the others lie; without it all of `start` are. */
  readonly toTrain?: WeightsToTrain;
  /** `runTask` closes it. */
  readonly data: TaskData;
  readonly dataFiles: DataFiles;
  /** Of a ColBERT model's directory. */
  readonly layout?: ModelCard['layout'];
  /** Whether a reranker is a language model. */
  readonly decoder?: boolean;
  readonly evaluator?: TaskEvaluator<Model, Evaluation>;
  /** The model with its evaluation shared out among ranks, all of which call it alike; without it one rank evaluates. */
  sharedModel?(model: Model, collective: Collective): Model;
  /** Where the loss stands that tells nothing apart; absent for losses that have no such level. */
  readonly chance?: ChanceLevel;
  /** What run.json tells of this task's run, e.g. `max_len`. */
  readonly ran: Readonly<Record<string, unknown>>;
  /** The model as it stands; its tensors are views of the live state, to be written before the next update. */
  toSave(
    session: Pick<TrainingSession, 'weights' | 'readWeight'>,
  ): CheckpointToSave | Promise<CheckpointToSave>;
  /** Opens a model that was just written, as its user will. */
  openSaved(path: string, options: OpenOptions): Promise<Model>;
}
