import { TRAINING_CONFIG_FILE } from '@rag/models';
import type { OpenOptions, TrainingSession } from '@rag/runtime';
import { type Checkpoints, checkpointsOf } from '../checkpoints.js';
import type { EpochEvent, TrainingResult } from '../trainer.js';
import { FINAL_FILES, finalFiles } from './final-model.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import type { RunPlatform } from './run-platform.js';
import { type RunFacts, trainingConfig } from './run-record.js';

/** What of a task its models are written and opened again by. */
type Writing<Model extends OpenModel, Evaluation> = Pick<
  PreparedTask<Model, Evaluation>,
  'toSave' | 'openSaved' | 'layout' | 'decoder' | 'evaluator'
>;

/** A run whose session is open, as far as it is written. */
export interface RunToWrite<Model extends OpenModel, Evaluation> {
  readonly prepared: Writing<Model, Evaluation>;
  readonly resolved: ResolvedTask;
  readonly facts: RunFacts;
  readonly session: TrainingSession;
  /** How a saved model is opened for what golden.json records; undefined: as it is evaluated. */
  readonly recording: OpenOptions | undefined;
  readonly evaluating: OpenOptions;
  /** Names of an earlier run's checkpoints, which go before the first is written. */
  readonly earlier: readonly string[];
}

/** Writes checkpoints of a run, and its final model. */
export interface RunOutput<Model> {
  readonly checkpoints: Pick<Checkpoints, 'kept' | 'folder'>;
  /** Writes a checkpoint. @returns its directory */
  checkpoint(event: EpochEvent): Promise<string>;
  /**
   * Writes the final model, complete or not at all. Where the last epoch wrote a checkpoint, the session is disposed of once the weights are written.
   * @param judge is given the model as its user will open it, before what came of the run is written beside it
   * @returns its directory
   */
  final<Evaluation>(
    result: TrainingResult,
    judge: (model: Model) => Promise<Evaluation | undefined>,
  ): Promise<{ readonly path: string; readonly evaluation: Evaluation | undefined }>;
}

/** Where a run writes, under `output_dir`. */
export function runOutput<Model extends OpenModel, Judged>(
  { files }: Pick<RunPlatform, 'files'>,
  { prepared, resolved, facts, session, recording, evaluating, earlier }: RunToWrite<Model, Judged>,
): RunOutput<Model> {
  const { config } = resolved;
  const checkpoints = checkpointsOf(files, config.outputDir, { most: config.numMaxCheckpoints, earlier });
  return {
    checkpoints,
    async checkpoint({ epoch, update, totalUpdates, meanLoss }) {
      const state = { epoch, update, total_updates: totalUpdates, loss: meanLoss, seed: config.seed };
      await session.synchronize();
      const saved = await prepared.toSave(session);
      const record = { [TRAINING_CONFIG_FILE]: trainingConfig(resolved, facts) };
      const model = { ...saved, files: { ...saved.files, ...record } };
      return (await checkpoints.save(epoch, model, state)).path;
    },
    async final<Evaluation>(
      result: TrainingResult,
      judge: (model: Model) => Promise<Evaluation | undefined>,
    ) {
      const path = `${config.outputDir}/model`;
      let evaluation: Evaluation | undefined;
      const { layout, decoder, evaluator } = prepared;
      const make = (directory: string) => {
        // What was learned lies in the last checkpoint: the model is opened without the session's memory beside it.
        if (config.saveOnEpochEnd) session.dispose();
        return withSaved(prepared, directory, evaluating, async (saved) => {
          evaluation = await judge(saved);
          const card = {
            metrics: evaluator?.metrics() ?? [],
            ...(layout && { layout }),
            ...(decoder && { decoder }),
          };
          const made = (model: Model) =>
            finalFiles(model, directory, resolved, facts, { outcome: { result, evaluation }, card });
          return recording ? withSaved(prepared, directory, recording, made) : made(saved);
        });
      };
      await session.synchronize();
      await files.saveModel(path, await prepared.toSave(session), { names: FINAL_FILES, make });
      return { path, evaluation };
    },
  };
}

/** Opens a model that was just written, and disposes of it after its use. */
export async function withSaved<Model extends OpenModel, Result>(
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
