import type { OpenOptions, TrainingSession } from '@rag/runtime';
import type { CompleteConfig } from '../config/check-shared.js';
import { formatNotActive } from '../config/resolve.js';
import { countUpdates } from '../schedule.js';
import type { Outcome } from '../trackers/tracker.js';
import { type EpochEvent, type StepEvent, Trainer, type TrainingResult } from '../trainer.js';
import { describeData } from './final-model.js';
import { openTraining } from './open-training.js';
import { makeOutput, refuseForeign } from './output-directory.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import { followRun, freshRunId, type RunFollowers } from './run-followers.js';
import { runOutput, withSaved } from './run-output.js';
import type { RunPlatform } from './run-platform.js';
import { earlierCheckpoints, type LoggedStep, type RunFacts, runRecord } from './run-record.js';
import { evaluationOptions, recordingOptions, scheduleOf, tryProvider } from './training-session.js';

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
  const prepared = await prepare(evaluationOptions(config, threads));
  const { data } = prepared;
  const run: RunStart = { id: freshRunId(), task, threads, earlier };
  const { total } = countUpdates(data.batchesPerEpoch, config.epochs, config.gradientAccumulationSteps);
  const followers = followRun(platform, { ...run, resolved, totalUpdates: total });
  let outcome: Outcome = 'failed';
  try {
    await makeOutput(files, config.outputDir);
    const done = await trainAndSave(run, prepared, resolved, platform, followers);
    outcome = 'finished';
    return done;
  } catch (error) {
    if (platform.signal?.aborted) outcome = 'interrupted';
    throw error;
  } finally {
    prepared.model.dispose();
    await data.close();
    await followers.finish(outcome);
  }
}

/** A run before its session is open. */
interface RunStart {
  readonly id: string;
  readonly task: string;
  readonly threads: number;
  /** Names of an earlier run's checkpoints. */
  readonly earlier: readonly string[];
}

async function trainAndSave<Model extends OpenModel, Evaluation>(
  { id, task, threads, earlier }: RunStart,
  prepared: PreparedTask<Model, Evaluation>,
  resolved: ResolvedTask,
  platform: RunPlatform,
  followers: RunFollowers,
): Promise<TaskRun<Evaluation>> {
  const { config } = resolved;
  const { files, listener } = platform;
  const { evaluator, data, model, start } = prepared;
  const evaluating = evaluationOptions(config, threads);
  if (evaluator && config.provider !== 'cpu') listener.say(`evaluation: on ${config.provider}`);
  if (evaluator) followers.evaluated(0, await evaluator.before(model));
  model.dispose();
  const { session, memory } = await openTraining(prepared, config, threads, platform);
  try {
    const facts: RunFacts = {
      ...{ id, task, threads, data, start, ran: prepared.ran, val: evaluator?.rows },
      ...{ version: platform.version, versions: platform.versions, memory },
      ...(platform.doctor && { doctor: platform.doctor }),
      files: await describeData(files, prepared.dataFiles),
    };
    const output = runOutput(platform, {
      ...{ prepared, resolved, facts, session, evaluating, earlier },
      recording: recordingOptions(config, threads),
    });
    let last: EpochEvent | undefined;
    const saveCheckpoint = async (event: EpochEvent): Promise<string> => {
      const path = await output.checkpoint(event);
      followers.saved(event.update, 'checkpoint', path);
      return path;
    };
    const trainer = await trainerOf(prepared, session, config, platform, {
      step: followers.step,
      endEpoch: async (event) => {
        last = event;
        const { epoch, meanLoss } = event;
        listener.say(`epoch ${epoch + 1}/${config.epochs}: loss ${meanLoss.toFixed(4)}`);
        if (!config.saveOnEpochEnd) return;
        const path = await saveCheckpoint(event);
        // The last epoch's model is the final one, which is evaluated below.
        if (evaluator && epoch + 1 < config.epochs)
          await withSaved(prepared, path, evaluating, async (saved) =>
            followers.evaluated(event.update, await evaluator.epoch(saved, epoch)),
          );
      },
    });
    const result = await trainer.run();
    const judge = async (saved: Model): Promise<Evaluation | undefined> => {
      if (evaluator) followers.evaluated(result.updates, await evaluator.after(saved));
      return evaluator?.result();
    };
    const { path, evaluation } = await output.final(result, judge).catch(async (error: unknown) => {
      // Else what was learned would be lost with the model.
      if (!config.saveOnEpochEnd && last)
        await saveCheckpoint(last).catch((second: Error) => listener.say(`no checkpoint: ${second.message}`));
      throw error;
    });
    followers.saved(result.updates, 'model', path);
    const { kept, folder } = output.checkpoints;
    const { history } = followers;
    const comparison = evaluator?.comparison?.();
    const outcome = { result, history, checkpoints: kept, evaluation, comparison };
    await files.writeText(`${config.outputDir}/run.json`, runRecord(resolved, facts, outcome));
    return {
      ...result,
      model: path,
      checkpoints: kept.map((name) => `${folder}/${name}`),
      history,
      ...(evaluation !== undefined && { evaluation }),
    };
  } finally {
    session.dispose();
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
    batches: (epoch: number, updateOf: (batch: number) => number, from: number) =>
      data.batches(epoch, (batch) => ({ seed: config.seed, update: updateOf(batch), inputs }), from),
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
