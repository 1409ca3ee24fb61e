import type { OpenOptions, TrainingSession } from '@rag/runtime';
import { checkpointAt, type FoundCheckpoint, filesOfCheckpoint } from '../resume/find-checkpoint.js';
import type { RunIdentity } from '../resume/run-identity.js';
import type { BestCheckpoint, RunState } from '../resume/run-state.js';
import { openState } from '../resume/state-file.js';
import { CollapseError } from '../sentinel/collapse-error.js';
import { collapseGuard } from '../sentinel/collapse-guard.js';
import { type EpochEvent, type StepEvent, Trainer, type TrainingResult } from '../trainer.js';
import type { TrainerPosition } from '../trainer-position.js';
import { MOST_ROLLBACKS, soundCheckpoint } from './go-back.js';
import type { ModelSelection } from './model-selection.js';
import type { OpenModel, PreparedTask, ResolvedTask } from './prepared-task.js';
import type { RunFollowers } from './run-followers.js';
import { type RunOutput, withSaved } from './run-output.js';
import type { RunPlatform } from './run-platform.js';
import { scheduleOf } from './training-session.js';

/** What came of training. */
export interface RunResult extends TrainingResult {
  /** The checkpoint that the settings' metric likes best; absent where none is asked for. */
  readonly best?: BestCheckpoint & { readonly metric: string };
  /** Why it ended before its last update. */
  readonly stopped?: string;
}

/** A run whose session is open. */
export interface RunToTrain<Model extends OpenModel, Evaluation> {
  readonly id: string;
  readonly identity: RunIdentity;
  readonly prepared: Pick<PreparedTask<Model, Evaluation>, 'data' | 'openSaved' | 'evaluator' | 'chance'>;
  readonly resolved: Pick<ResolvedTask, 'config'>;
  readonly session: TrainingSession;
  readonly followers: RunFollowers;
  readonly output: Pick<RunOutput<Model>, 'checkpoint' | 'checkpoints'>;
  readonly selection: ModelSelection | undefined;
  readonly evaluating: OpenOptions;
  /** The checkpoint that it goes on from, whose state the session has taken. */
  readonly from?: FoundCheckpoint;
}

/** A run whose training is over. */
export interface TrainedRun {
  readonly result: RunResult;
  /** Whether a checkpoint holds what the session does. */
  readonly isSaved: boolean;
  /** Writes one. */
  save(): Promise<void>;
}

/**
 * Trains a run to its end from where it stands: saves and evaluates when the settings say so, ends early where a metric says so, and saves
 * where the signal interrupts it.
 */
export async function trainRun<Model extends OpenModel, Evaluation>(
  run: RunToTrain<Model, Evaluation>,
  {
    files,
    listener,
    signal,
    agree,
    collective,
  }: Pick<RunPlatform, 'files' | 'listener' | 'signal' | 'agree' | 'collective'>,
): Promise<TrainedRun> {
  const { prepared, followers, output, selection, from } = run;
  const { data, evaluator } = prepared;
  const { config } = run.resolved;
  let saved = from && { name: from.name, position: from.state.position };
  let stopped: string | undefined;
  let rateFactor = from?.state.rate_factor ?? 1;

  const stateOf = (evaluate: boolean): Omit<RunState, 'session' | 'parameters'> => ({
    ...{ id: run.id, identity: run.identity, evaluate },
    ...followers.logState(),
    position: trainer.position,
    total_updates: trainer.totalUpdates,
    evaluations: (evaluator?.epochs ?? []).map((found) => ({ ...found })),
    ...(selection?.best && { best: selection.best }),
    without_gain: selection?.withoutGain ?? 0,
    ...(rateFactor < 1 && { rate_factor: rateFactor }),
  });
  const evaluate = async (name: string, path: string): Promise<void> => {
    if (!evaluator) return;
    const { epoch, batch, update } = trainer.position;
    // Behind an epoch's end the position is the next one's beginning.
    const isEnd = batch === 0;
    const found = await withSaved(prepared, path, run.evaluating, (model) =>
      evaluator.epoch(model, isEnd ? epoch - 1 : epoch, isEnd ? undefined : update),
    );
    followers.evaluated(update, found);
    stopped = selection?.judge(name, found.metrics);
    if (stopped === undefined) return;
    listener.say(`stopped early after update ${update}: ${stopped}`);
    trainer.stop();
  };
  const keep = async (name: string, isEvaluated: boolean): Promise<void> => {
    const { path } = await output.checkpoint(name, stateOf(isEvaluated));
    saved = { name, position: trainer.position };
    followers.saved(saved.position.update, 'checkpoint', path);
    if (isEvaluated) await evaluate(name, path);
    await output.checkpoints.rotate(selection?.best?.name);
  };
  // The best one may be of the run elsewhere that this one goes on from.
  const pathOf = (name: string): string =>
    output.checkpoints.kept.includes(name) || !from
      ? `${output.checkpoints.folder}/${name}`
      : `${from.path.slice(0, -from.name.length)}${name}`;
  const save = () => keep(`step_${trainer.position.update}`, false);
  const isSaved = (): boolean => saved?.position === trainer.position;

  const on = {
    ...(signal && { signal }),
    onStep: followers.step,
    afterStep: async (event: StepEvent) => {
      const { update } = event;
      await agree?.();
      guard.look(collective ? withoutScores(event) : event);
      if (config.saveOnEpochEnd && trainer.position.batch === data.batchesPerEpoch) return;
      const isDue = (steps: number | undefined) => steps !== undefined && update % steps === 0;
      const isEvaluated = evaluator !== undefined && isDue(config.evalSteps);
      if (isEvaluated || isDue(config.saveSteps)) await keep(`step_${update}`, isEvaluated);
    },
    onEpochEnd: async ({ epoch, meanLoss }: EpochEvent) => {
      listener.say(`epoch ${epoch + 1}/${config.epochs}: loss ${meanLoss.toFixed(4)}`);
      if (!config.saveOnEpochEnd) return;
      // The last epoch's model is the final one, which is evaluated anyway.
      const isLast = epoch + 1 === config.epochs && selection === undefined;
      await keep(`checkpoint_${epoch}`, evaluator !== undefined && !isLast);
    },
  };
  let trainer = await trainerOf(run, from?.state.position, rateFactor, on);
  const guard = collapseGuard({
    onCollapse: config.onCollapse,
    ...(prepared.chance && { chance: prepared.chance }),
    warmup: config.warmupSteps ?? Math.floor(trainer.totalUpdates * config.warmupProportion),
    tell: ({ update }, line) => followers.alarmed(update, line),
  });
  const goOn = async (rollbacks = 0): Promise<TrainingResult> => {
    try {
      return await trainer.run();
    } catch (error) {
      const alarm = guard.alarmOf(error, trainer.position.update + 1);
      if (alarm === undefined || config.onCollapse !== 'rollback') throw error;
      if (rollbacks === MOST_ROLLBACKS)
        throw new CollapseError(alarm, `the run went back ${rollbacks} times, and it happens again`, {
          cause: error,
        });
      const sound = await soundCheckpoint(files, output.checkpoints, alarm);
      await takeCheckpoint(run.session, files, sound);
      rateFactor /= 2;
      saved = { name: sound.name, position: sound.state.position };
      // What was found later is of models that are gone.
      selection?.restore(sound.state);
      evaluator?.restore(sound.state.evaluations as never);
      trainer = await trainerOf(run, sound.state.position, rateFactor, on);
      guard.restart();
      listener.say(
        `went back to ${sound.name} (update ${sound.state.position.update}): the rate is ${rateFactor} of the settings’ from here on`,
      );
      if (sound.state.evaluate) await evaluate(sound.name, sound.path);
      return goOn(rollbacks + 1);
    }
  };
  if (from?.state.evaluate) await evaluate(from.name, from.path);
  // A full disk may be why it went no further, and fewer checkpoints what is asked for since.
  if (from) await output.checkpoints.rotate(selection?.best?.name);
  const trained = await goOn().catch(async (error: unknown) => {
    if (!signal?.aborted || error !== signal.reason) throw error;
    if (!isSaved()) await save();
    listener.say('interrupted: --resume goes on from this checkpoint');
    throw error;
  });
  const best = selection?.best && { ...selection.best, metric: selection.metric };
  if (best && config.loadBestModelAtEnd) {
    listener.say(
      `best checkpoint: ${best.name}, ${best.metric} ${best.value.toFixed(4)}; the final model has its weights`,
    );
    if (!isSaved() || saved!.name !== best.name)
      await takeCheckpoint(run.session, files, await checkpointAt(files, pathOf(best.name)));
  }
  return {
    result: { ...trained, ...(best && { best }), ...(stopped !== undefined && { stopped }) },
    isSaved: isSaved() || (best !== undefined && config.loadBestModelAtEnd),
    save,
  };
}

/** Scores are those of one process, and all are to see the same. */
const withoutScores = ({ scoreSpread: _, ...event }: StepEvent): StepEvent => event;

/** Gives a session the state of a checkpoint. @throws CheckpointError, SafetensorsError, SessionError */
export async function takeCheckpoint(
  session: Pick<TrainingSession, 'loadState'>,
  files: Parameters<typeof filesOfCheckpoint>[0],
  { path, state }: Pick<FoundCheckpoint, 'path' | 'state'>,
): Promise<void> {
  const { step, loss_scale: lossScale } = state.session;
  const source = await filesOfCheckpoint(files, { path });
  const stored = { stored: state.parameters, step, ...(lossScale && { lossScale }) };
  await session.loadState(await openState(source, path, stored));
}

async function trainerOf(
  {
    prepared: { data },
    session,
    resolved: { config },
  }: Pick<RunToTrain<OpenModel, unknown>, 'session' | 'resolved'> & {
    readonly prepared: Pick<PreparedTask<OpenModel, unknown>, 'data'>;
  },
  from: TrainerPosition | undefined,
  rateFactor: number,
  on: Pick<ConstructorParameters<typeof Trainer>[2], 'signal' | 'onStep' | 'afterStep' | 'onEpochEnd'>,
): Promise<Trainer> {
  const inputs = await session.inputs();
  const task = {
    batchesPerEpoch: data.batchesPerEpoch,
    batches: (epoch: number, updateOf: (batch: number) => number, batch: number) =>
      data.batches(epoch, (place) => ({ seed: config.seed, update: updateOf(place), inputs }), batch),
  };
  return new Trainer(session, task, {
    epochs: config.epochs,
    accumulation: config.gradientAccumulationSteps,
    learningRate: config.lr * rateFactor,
    schedule: (total) => scheduleOf(config, total),
    ...(from && { from }),
    ...on,
  });
}
