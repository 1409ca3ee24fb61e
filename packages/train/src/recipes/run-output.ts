import { TRAINING_CONFIG_FILE } from '@rag/models';
import type { OpenOptions, TrainingSession } from '@rag/runtime';
import { type Checkpoints, checkpointsOf, type SavedCheckpoint } from '../resume/checkpoints.js';
import { encodeRunState, type RunState } from '../resume/run-state.js';
import { saveFailure } from '../resume/save-failure.js';
import { FINAL_FILES, finalFiles } from './final-model.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import type { RunPlatform } from './run-platform.js';
import { type RunFacts, trainingConfig } from './run-record.js';
import type { RunResult } from './run-training.js';

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
  /** Names of this run's, where it goes on. */
  readonly kept: readonly string[];
}

/** A run's state as far as its session does not know it. */
export type StateToSave = Omit<RunState, 'session' | 'parameters'>;

/** Writes checkpoints of a run, and its final model. */
export interface RunOutput<Model> {
  readonly checkpoints: Pick<Checkpoints, 'kept' | 'folder' | 'rotate' | 'drop'>;
  /** Writes a checkpoint of this name, complete or not at all. @throws SaveFailedError */
  checkpoint(name: string, state: StateToSave): Promise<SavedCheckpoint>;
  /**
   * Writes the final model, complete or not at all.
   * @param judge is given the model as its user will open it, before what came of the run is written beside it
   * @param isSaved whether a checkpoint has what was learned: the session is then disposed of once the weights are written
   * @returns its directory
   * @throws SaveFailedError
   */
  final<Evaluation>(
    result: RunResult,
    judge: (model: Model) => Promise<Evaluation | undefined>,
    isSaved: boolean,
  ): Promise<{ readonly path: string; readonly evaluation: Evaluation | undefined }>;
}

/** Where a run writes, under `output_dir`. */
export function runOutput<Model extends OpenModel, Judged>(
  { files }: Pick<RunPlatform, 'files'>,
  { prepared, resolved, facts, session, recording, evaluating, earlier, kept }: RunToWrite<Model, Judged>,
): RunOutput<Model> {
  const { config } = resolved;
  const checkpoints = checkpointsOf(files, config.outputDir, {
    most: config.numMaxCheckpoints,
    ...{ earlier, kept },
  });
  return {
    checkpoints,
    async checkpoint(name, state) {
      await session.synchronize('weights');
      const saved = await prepared.toSave(session);
      const record = { [TRAINING_CONFIG_FILE]: trainingConfig(resolved, facts) };
      const model = { ...saved, files: { ...saved.files, ...record } };
      const live = session.saveState();
      const { step, lossScale } = live;
      return checkpoints
        .save(name, model, live, (parameters) =>
          encodeRunState({
            ...state,
            session: { step, ...(lossScale && { loss_scale: lossScale }) },
            parameters,
          }),
        )
        .catch((error: unknown) => {
          throw saveFailure(error, `${checkpoints.folder}/${name}`, checkpoints.kept);
        });
    },
    async final<Evaluation>(
      result: RunResult,
      judge: (model: Model) => Promise<Evaluation | undefined>,
      isSaved: boolean,
    ) {
      const path = `${config.outputDir}/model`;
      let evaluation: Evaluation | undefined;
      const { layout, decoder, evaluator } = prepared;
      const make = (directory: string) => {
        // What was learned lies in a checkpoint: the model is opened without the session's memory beside it.
        if (isSaved) session.dispose();
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
      await session.synchronize('weights');
      await files
        .saveModel(path, await prepared.toSave(session), { names: FINAL_FILES, make })
        .catch((error: unknown) => {
          throw saveFailure(error, path, checkpoints.kept);
        });
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
