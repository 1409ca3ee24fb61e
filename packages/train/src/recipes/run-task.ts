import { type DropoutDraw, type ModelCard, type ModelCardMetric, TRAINING_CONFIG_FILE } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { type Objective, type OpenOptions, objectiveSpecs, TrainingSession } from '@rag/runtime';
import { checkpointsOf } from '../checkpoints.js';
import type { CompleteConfig } from '../config/check-shared.js';
import type { OptionTable } from '../config/option.js';
import { formatNotActive, type Resolved } from '../config/resolve.js';
import { formatSkipped } from '../progress-text.js';
import type { RunFiles } from '../run-files.js';
import { type EpochEvent, type StepEvent, type TaskBatch, Trainer, type TrainingResult } from '../trainer.js';
import { type DataFiles, describeData, FINAL_FILES, finalFiles, type WrittenModel } from './final-model.js';
import type { InitialWeights } from './initial-weights.js';
import type { BaseModel } from './model-source.js';
import { makeOutput, refuseForeign } from './output-directory.js';
import { checkMemory, describeMemory, plannedMemory } from './planned-memory.js';
import {
  earlierCheckpoints,
  type LoggedStep,
  type RunFacts,
  runRecord,
  stepLog,
  trainingConfig,
} from './run-record.js';
import {
  compileTraining,
  computeOptions,
  evaluationOptions,
  recordingOptions,
  scheduleOf,
  tryProvider,
} from './training-session.js';
import { allWeights, type WeightsToTrain } from './weights-to-train.js';

/** Who watches a run. */
export interface RunListener {
  /** A line, or several, worth reading. */
  say(text: string): void;
  /** An update. */
  step(event: StepEvent): void;
}

/** What a run needs from the platform. */
export interface RunPlatform {
  readonly files: RunFiles;
  readonly listener: RunListener;
  /** Threads where the settings name none. */
  readonly threads: number;
  /** Bytes of memory that there are; training on the host is not begun where it would take more. */
  readonly memory?: number;
  /** Of this package, for run.json. */
  readonly version: string;
  /** Of what it runs on: `node`, `onnxruntime`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Settings of a task, all of them known to be good. */
export interface ResolvedTask extends Pick<Resolved, 'sources' | 'notActive'> {
  readonly table: OptionTable;
  readonly config: CompleteConfig;
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
  /** The batches of an epoch; `dropout` tells what each draws. */
  batches(epoch: number, dropout: (batch: number) => DropoutDraw): AsyncIterable<TaskBatch>;
  close(): Promise<void>;
}

/** Evaluates the models of a run on the same held-out rows; each step returns a text for the terminal. */
export interface TaskEvaluator<Model, Evaluation> {
  before(model: Model): Promise<string>;
  epoch(model: Model, epoch: number): Promise<string>;
  after(model: Model): Promise<string>;
  /** Everything, once before and after are known. */
  result(): Evaluation;
  /** Of the model after training, for its card. */
  metrics(): ModelCardMetric[];
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
  /** What run.json tells of this task's run, e.g. `max_len`. */
  readonly ran: Readonly<Record<string, unknown>>;
  /** The model as it stands; its tensors are views of the live state, to be written before the next update. */
  toSave(session: Pick<TrainingSession, 'weights'>): CheckpointToSave | Promise<CheckpointToSave>;
  /** Opens a model that was just written, as its user will. */
  openSaved(path: string, options: OpenOptions): Promise<Model>;
}

/** What a run gave. */
export interface TaskRun<Evaluation> extends TrainingResult {
  /** Directory of the final model. */
  readonly model: string;
  /** Directories of the checkpoints that stand. */
  readonly checkpoints: readonly string[];
  /** Mean losses, one per `log_interval` updates. */
  readonly history: readonly LoggedStep[];
  /** Of `val_dataset`; absent without one. */
  readonly evaluation?: Evaluation;
}

/**
 * The run of any task: trains, evaluates before, between and after, and writes checkpoints, the final model and run.json
 * under `output_dir`.
 * @param prepare opens the model, by these options, and data; what it opened before it throws, it disposes of
 * @throws ConfigError, DataError and the errors of model files and sessions
 */
export async function runTask<Model extends OpenModel, Evaluation>(
  task: string,
  resolved: ResolvedTask,
  platform: RunPlatform,
  prepare: (opening: OpenOptions) => Promise<PreparedTask<Model, Evaluation>>,
): Promise<TaskRun<Evaluation>> {
  const { config, notActive } = resolved;
  const { files, listener } = platform;
  for (const setting of notActive) listener.say(formatNotActive(setting));
  const earlier = await earlierCheckpoints(files, config.outputDir, config.overwriteOutputDir);
  await refuseForeign(files, config.outputDir);
  const threads = config.threads ?? platform.threads;
  await tryProvider(config, threads);
  const [evaluating, recording] = [evaluationOptions(config, threads), recordingOptions(config, threads)];
  const prepared = await prepare(evaluating);
  const { evaluator, data, model, start } = prepared;
  let session: TrainingSession | undefined;
  try {
    await makeOutput(files, config.outputDir);
    if (evaluator && config.provider !== 'cpu') listener.say(`evaluation: on ${config.provider}`);
    if (evaluator) listener.say(await evaluator.before(model));
    model.dispose();
    const { objective, toTrain = allWeights(start.weights) } = prepared;
    const plan = compileTraining(objective, toTrain, config);
    const compute = computeOptions(config, threads);
    const batches = data.batches(0, () => ({
      seed: config.seed,
      update: 0,
      inputs: objectiveSpecs(objective).inputs,
    }));
    const memory = await plannedMemory(plan, batches, compute, config);
    listener.say(describeMemory(memory));
    if (config.provider === 'cpu' && platform.memory !== undefined) checkMemory(memory, platform.memory);
    await toTrain.load();
    session = await TrainingSession.create(plan, compute);
    const log = stepLog(config.logInterval);
    const checkpoints = checkpointsOf(files, config.outputDir, { most: config.numMaxCheckpoints, earlier });
    const facts: RunFacts = {
      ...{ task, threads, data, start, ran: prepared.ran, val: evaluator?.rows },
      ...{ version: platform.version, versions: platform.versions, memory },
      files: await describeData(files, prepared.dataFiles),
    };
    let last: EpochEvent | undefined;
    const saveCheckpoint = async ({ epoch, update, totalUpdates, meanLoss }: EpochEvent) => {
      const state = { epoch, update, total_updates: totalUpdates, loss: meanLoss, seed: config.seed };
      await session!.synchronize();
      const saved = await prepared.toSave(session!);
      const record = { [TRAINING_CONFIG_FILE]: trainingConfig(resolved, facts) };
      const { path } = await checkpoints.save(
        epoch,
        { ...saved, files: { ...saved.files, ...record } },
        state,
      );
      listener.say(`checkpoint: ${path}`);
      return path;
    };
    const trainer = await trainerOf(prepared, session, resolved.config, platform, {
      step: (event) => {
        log.add(event);
        if (event.skipped) listener.say(formatSkipped(event));
        listener.step(event);
      },
      endEpoch: async (event) => {
        last = event;
        const { epoch, meanLoss } = event;
        listener.say(`epoch ${epoch + 1}/${config.epochs}: loss ${meanLoss.toFixed(4)}`);
        if (!config.saveOnEpochEnd) return;
        const path = await saveCheckpoint(event);
        // The last epoch's model is the final one, which is evaluated below.
        if (evaluator && epoch + 1 < config.epochs)
          await withSaved(prepared, path, evaluating, async (saved) =>
            listener.say(await evaluator.epoch(saved, epoch)),
          );
      },
    });
    const result = await trainer.run();
    const path = `${config.outputDir}/model`;
    let evaluation: Evaluation | undefined;
    const make = (directory: string) =>
      withSaved(prepared, directory, evaluating, async (saved) => {
        if (evaluator) listener.say(await evaluator.after(saved));
        evaluation = evaluator?.result();
        const { layout, decoder } = prepared;
        const card = {
          metrics: evaluator?.metrics() ?? [],
          ...(layout && { layout }),
          ...(decoder && { decoder }),
        };
        const made = (model: Model) =>
          finalFiles(model, directory, resolved, facts, { outcome: { result, evaluation }, card });
        return recording ? withSaved(prepared, directory, recording, made) : made(saved);
      });
    try {
      await session.synchronize();
      await files.saveModel(path, await prepared.toSave(session), { names: FINAL_FILES, make });
    } catch (error) {
      // Else what was learned would be lost with the model.
      if (!config.saveOnEpochEnd && last)
        await saveCheckpoint(last).catch((second: Error) => listener.say(`no checkpoint: ${second.message}`));
      throw error;
    }
    listener.say(`final model: ${path}`);
    const { kept, folder } = checkpoints;
    const outcome = { result, history: log.entries, checkpoints: kept, evaluation };
    await files.writeText(`${config.outputDir}/run.json`, runRecord(resolved, facts, outcome));
    return {
      ...result,
      model: path,
      checkpoints: kept.map((name) => `${folder}/${name}`),
      history: log.entries,
      ...(evaluation !== undefined && { evaluation }),
    };
  } finally {
    session?.dispose();
    model.dispose();
    await data.close();
  }
}

async function withSaved<Model extends OpenModel, Result>(
  { openSaved }: Pick<PreparedTask<Model, unknown>, 'openSaved'>,
  path: string,
  options: OpenOptions,
  use: (model: Model) => Promise<Result>,
): Promise<Result> {
  const model = await openSaved(path, options);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

async function trainerOf(
  { data }: Pick<PreparedTask<OpenModel, unknown>, 'data'>,
  session: TrainingSession,
  config: CompleteConfig,
  { signal }: RunPlatform,
  on: { step(event: StepEvent): void; endEpoch(event: EpochEvent): Promise<void> },
): Promise<Trainer> {
  const inputs = await session.inputs();
  const task = {
    batchesPerEpoch: data.batchesPerEpoch,
    batches: (epoch: number, updateOf: (batch: number) => number) =>
      data.batches(epoch, (batch) => ({ seed: config.seed, update: updateOf(batch), inputs })),
  };
  return new Trainer(session, task, {
    epochs: config.epochs,
    accumulation: config.gradientAccumulationSteps,
    learningRate: config.lr,
    schedule: (total) => scheduleOf(config, total),
    onStep: on.step,
    onEpochEnd: on.endEpoch,
    ...(signal && { signal }),
  });
}
