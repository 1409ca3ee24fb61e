import type { OpenOptions } from '@rag/runtime';
import { checkProcesses } from '../config/check-processes.js';
import { formatNotActive } from '../config/resolve.js';
import { taskOfRank } from '../distributed/rank-task.js';
import type { FoundCheckpoint } from '../resume/find-checkpoint.js';
import { startingModelIdentity } from '../resume/model-identity.js';
import { checkSameRun, lastingSettings, type RunIdentity } from '../resume/run-identity.js';
import { countUpdates } from '../schedule.js';
import type { Outcome } from '../trackers/tracker.js';
import { describeData } from './final-model.js';
import { checkSelection, modelSelection } from './model-selection.js';
import { openTraining } from './open-training.js';
import { claimOutput, refuseForeign } from './output-directory.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import { followRun, freshRunId, type RunFollowers } from './run-followers.js';
import { runOutput } from './run-output.js';
import type { RunPlatform } from './run-platform.js';
import { type DescribedData, type RunFacts, runRecord } from './run-record.js';
import { runStart } from './run-start.js';
import { type RunResult, takeCheckpoint, trainRun } from './run-training.js';
import type { LoggedStep } from './step-log.js';
import { evaluationOptions, recordingOptions, tryProvider } from './training-session.js';

/** What a run gave. */
export interface TaskRun<Evaluation> extends RunResult {
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
 * under `output_dir`; or goes on with one that was interrupted.
 * @param prepare opens the model, by these options, and data; what it opened before it throws, it disposes of
 * @throws ConfigError, DataError, CheckpointError, SaveFailedError and the errors of model files and sessions
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
  const processes = platform.collective?.size ?? 1;
  for (const line of checkProcesses(config, resolved.sources, processes)) listener.say(line);
  const begun = await runStart(resolved, platform);
  await refuseForeign(files, config.outputDir);
  const threads = config.threads ?? platform.threads;
  await tryProvider(config, threads);
  const opened = await prepare(evaluationOptions(config, threads));
  const { collective } = platform;
  const prepared = collective ? taskOfRank(opened, collective) : opened;
  const { data } = prepared;
  const { state } = begun.from ?? {};
  const run: RunToDo = { ...begun, id: state?.id ?? freshRunId(), task, threads };
  const { total } = countUpdates(data.batchesPerEpoch, config.epochs, config.gradientAccumulationSteps);
  const followers = followRun(platform, {
    ...{ id: run.id, task, resolved, totalUpdates: total },
    ...(state && { resumeFrom: state.position.update, log: state }),
  });
  let release = async (): Promise<void> => {};
  let outcome: Outcome = 'failed';
  try {
    release = await claimOutput(files, config.outputDir);
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
    await release();
  }
}

/** A run before its session is open. */
interface RunToDo extends Awaited<ReturnType<typeof runStart>> {
  readonly id: string;
  readonly task: string;
  readonly threads: number;
}

async function trainAndSave<Model extends OpenModel, Evaluation>(
  { id, task, threads, from, earlier, kept }: RunToDo,
  prepared: PreparedTask<Model, Evaluation>,
  resolved: ResolvedTask,
  platform: RunPlatform,
  followers: RunFollowers,
): Promise<TaskRun<Evaluation>> {
  const { config } = resolved;
  const { files, listener, signal } = platform;
  const { evaluator, data, model, start } = prepared;
  const described = await describeData(files, prepared.dataFiles);
  const identity = await identityOf({ task, threads }, prepared, described, resolved, platform);
  if (from) goOn(from, identity, resolved, platform);
  const selection = modelSelection(config, from?.state);
  const evaluating = evaluationOptions(config, threads);
  if (evaluator && config.provider !== 'cpu') listener.say(`evaluation: on ${config.provider}`);
  const before = await evaluator?.before(model);
  checkSelection(selection, before);
  // Trackers of a run that goes on know it.
  if (before) from ? listener.say(before.text) : followers.evaluated(0, before);
  if (from) evaluator?.restore(from.state.evaluations as never);
  model.dispose();
  signal?.throwIfAborted();
  const { session, memory } = await openTraining(prepared, config, threads, platform);
  try {
    const facts: RunFacts = {
      ...{ id, task, threads, data, start, ran: prepared.ran, val: evaluator?.rows },
      ...{ version: platform.version, versions: platform.versions, memory, files: described },
      ...(platform.doctor && { doctor: platform.doctor }),
    };
    if (from) await takeCheckpoint(session, files, from);
    const output = runOutput(platform, {
      ...{ prepared, resolved, facts, session, evaluating, earlier, kept },
      recording: recordingOptions(config, threads),
    });
    const { result, isSaved, save } = await trainRun(
      {
        ...{ id, identity, prepared, resolved, session, followers, output, selection, evaluating },
        ...(from && { from }),
      },
      platform,
    );
    const judge = async (saved: Model): Promise<Evaluation | undefined> => {
      if (evaluator) followers.evaluated(result.updates, await evaluator.after(saved));
      return evaluator?.result();
    };
    const { path, evaluation } = await output.final(result, judge, isSaved).catch(async (error: unknown) => {
      // Else what was learned would be lost with the model.
      if (!isSaved) await save().catch((second: Error) => listener.say(`no checkpoint: ${second.message}`));
      throw error;
    });
    followers.saved(result.updates, 'model', path);
    const { folder } = output.checkpoints;
    const { history } = followers;
    const comparison = evaluator?.comparison?.();
    const outcome = { result, history, checkpoints: output.checkpoints.kept, evaluation, comparison };
    await files.writeText(`${config.outputDir}/run.json`, runRecord(resolved, facts, outcome));
    return {
      ...result,
      model: path,
      checkpoints: output.checkpoints.kept.map((name) => `${folder}/${name}`),
      history,
      ...(evaluation !== undefined && { evaluation }),
    };
  } finally {
    session.dispose();
  }
}

/** What the run is of, for its checkpoints and for those that go on from them. */
async function identityOf(
  { task, threads }: Pick<RunToDo, 'task' | 'threads'>,
  { start }: Pick<PreparedTask<OpenModel, unknown>, 'start'>,
  { train, val }: DescribedData,
  resolved: ResolvedTask,
  {
    files,
    version,
    versions,
    collective,
  }: Pick<RunPlatform, 'files' | 'version' | 'versions' | 'collective'>,
): Promise<RunIdentity> {
  const digests = (described: DescribedData['train']) => described.map(({ sha256 }) => sha256);
  return {
    ...{ task, threads, settings: settingsOf(resolved, collective) },
    data: { train: digests(train), val: digests(val) },
    model: await startingModelIdentity(files, resolved.config.modelNameOrPath, start.base),
    versions: { ...versions, '@rag/train': version },
  };
}

/** The settings that numbers depend on; how many processes there are, which make batches larger, is one of them. */
function settingsOf(resolved: ResolvedTask, collective: RunPlatform['collective']): RunIdentity['settings'] {
  const { num_processes: _, ...settings } = lastingSettings(resolved);
  return collective ? { ...settings, num_processes: collective.size } : settings;
}

/** @throws ConfigError where the checkpoint is of another run */
function goOn(
  { path, state }: FoundCheckpoint,
  identity: RunIdentity,
  { table }: ResolvedTask,
  { listener }: Pick<RunPlatform, 'listener'>,
): void {
  const notes = checkSameRun(state.identity, identity, table);
  listener.say(`resumed from ${path}: update ${state.position.update} of ${state.total_updates}`);
  for (const note of notes) listener.say(note);
}
