import { at } from '@rag/data';
import { evaluateRanking } from '@rag/eval';
import { type Checkpoint, compile, TrainingSession } from '@rag/runtime';
import type { Tokenizer } from '@rag/text';
import { schedule } from '@rag/train';
import type {
  HeldOut,
  LabelledPair,
  PageProvider,
  Row,
  TuneData,
  TuneProgress,
  TuneSettings,
} from './protocol.js';
import { type TaskParts, trainingTask } from './tasks.js';
import { threads } from './threads.js';
import type { TrainingTask } from './training-task.js';

/** A fine-tuning run: all that going on after a closed tab needs. Kept by the browser as it is. */
export interface TuningRun {
  readonly name: string;
  /** With the weights of the last update that was kept. */
  model: TaskParts;
  readonly rows: readonly Row[];
  readonly pairs: readonly LabelledPair[];
  readonly marks: readonly LabelledPair[];
  readonly heldOutRows: readonly Row[];
  readonly settings: TuneSettings;
  readonly savedAt: number;
  /** How many there are in all. */
  readonly updates: number;
  /** Parameters and moments after `update` updates; undefined before the first. */
  state: Checkpoint | undefined;
  update: number;
  losses: number[];
  heldOut: HeldOut[];
}

/** Examples of an update. */
const BATCH = 8;
/** Updates between two times that the run is kept. */
const SAVED_EVERY = 5;
const SEED = 42;

/** @throws RangeError for pairs that teach such a model nothing */
export function newRun(
  model: TaskParts,
  tokenizer: Tokenizer,
  name: string,
  rows: readonly Row[],
  { pairs, marks, heldOut: heldOutRows }: TuneData,
  settings: TuneSettings,
): TuningRun {
  const { examples } = trainingTask(model, tokenizer, pairs);
  return {
    model,
    name,
    rows,
    pairs,
    marks,
    heldOutRows,
    settings,
    savedAt: 0,
    updates: Math.ceil(examples / BATCH) * settings.epochs,
    state: undefined,
    update: 0,
    losses: [],
    heldOut: [],
  };
}

export const summaryOf = (run: TuningRun): TuneProgress => ({
  update: run.update,
  updates: run.updates,
  losses: [...run.losses],
  heldOut: [...run.heldOut],
  heldOutQueries: run.heldOutRows.length,
});

export interface TrainRunOptions {
  readonly provider: PageProvider;
  /** The model's. */
  readonly tokenizer: Tokenizer;
  onProgress(progress: TuneProgress): void;
  isStopped(): boolean;
}

/**
 * Trains a run to its end or until it is stopped, on from where it is; yields it whenever it should be kept. The examples of an update
 * depend on the seed and its number alone, so that a run which went on ends as one that was never closed. Its `model` then has the
 * trained weights.
 * @throws RangeError for pairs that teach such a model nothing
 */
export async function* trainRun(
  run: TuningRun,
  { provider, tokenizer, onProgress, isStopped }: TrainRunOptions,
): AsyncGenerator<TuningRun> {
  const { settings, updates } = run;
  const task = trainingTask(run.model, tokenizer, run.pairs);
  const plan = compile(task.objective, {
    initial: (name) => run.model.weights.get(name)!,
    optimizer: { maxGradNorm: 1 },
  });
  const session = await TrainingSession.create(plan, { provider, threads: threads() });
  try {
    if (run.state) session.restore(run.state);
    const inputs = await session.inputs();
    const rate = schedule({ decay: 'linear', total: updates, warmup: 0 });
    const keep = async (): Promise<TuningRun> => {
      await session.synchronize();
      run.state = session.snapshot();
      const weights = new Map(
        session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
      );
      run.model = { ...run.model, weights };
      return run;
    };
    const evaluate = async () => {
      const value = await heldOutQuality(session, task, run.heldOutRows);
      if (value !== undefined) run.heldOut.push({ update: run.update, value });
      onProgress(summaryOf(run));
    };
    if (run.update === 0) await evaluate();
    const perEpoch = updates / settings.epochs;
    while (run.update < updates && !isStopped()) {
      const { update } = run;
      const { examples } = task;
      const order = at(SEED, 'order', Math.floor(update / perEpoch)).sample(examples, examples);
      const first = (update % perEpoch) * BATCH;
      const batch = task.collate(order.slice(first, first + BATCH), { seed: SEED, update, inputs });
      const { loss } = await session.trainStep(batch, {
        learningRate: settings.learningRate * rate(update),
      });
      run.losses.push(loss);
      run.update++;
      if (run.update % perEpoch === 0) await evaluate();
      else onProgress(summaryOf(run));
      if (run.update % SAVED_EVERY === 0 || run.update === updates) yield await keep();
      // Lets messages in, such as that to stop.
      await new Promise((resolve) => setTimeout(resolve));
    }
    // Stopped within an epoch: what it came to is measured all the same.
    if (run.heldOut.at(-1)?.update !== run.update) await evaluate();
    yield await keep();
  } finally {
    session.dispose();
  }
}

/** Mean nDCG@10 of held-out queries over the passages that the file lists for them; undefined for none. */
async function heldOutQuality(
  session: TrainingSession,
  task: TrainingTask,
  rows: readonly Row[],
): Promise<number | undefined> {
  if (rows.length === 0) return undefined;
  const judged: { scores: ArrayLike<number>; relevance: readonly number[] }[] = [];
  for (const row of rows) judged.push({ scores: await task.scores(session, row), relevance: row.labels });
  return evaluateRanking(judged, ['ndcg@10']).means['ndcg@10'];
}
