import { at } from '@rag/data';
import { evaluateRanking } from '@rag/eval';
import { binaryCrossEntropy } from '@rag/losses';
import { type EncoderConfig, longestSequence } from '@rag/models';
import { collatePointwise, pairEncoder, rerankerObjective } from '@rag/reranker/training';
import { type Checkpoint, compile, TrainingSession } from '@rag/runtime';
import { openTokenizer } from '@rag/text';
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
import { type RerankerParts, threads } from './served-model.js';

/** A fine-tuning run: all that going on after a closed tab needs. Kept by the browser as it is. */
export interface TuningRun extends RerankerParts {
  readonly name: string;
  readonly config: EncoderConfig;
  readonly rows: readonly Row[];
  readonly pairs: readonly LabelledPair[];
  readonly marks: readonly LabelledPair[];
  readonly heldOutRows: readonly Row[];
  readonly settings: TuneSettings;
  readonly savedAt: number;
  /** Parameters and moments after `update` updates; undefined before the first. */
  state: Checkpoint | undefined;
  update: number;
  losses: number[];
  heldOut: HeldOut[];
}

const BATCH = 8;
/** Updates between two times that the run is kept. */
const SAVED_EVERY = 5;
const MAX_LENGTH = 256;
const SEED = 42;

export const newRun = (
  parts: RerankerParts,
  name: string,
  rows: readonly Row[],
  { pairs, marks, heldOut: heldOutRows }: TuneData,
  settings: TuneSettings,
): TuningRun => ({
  ...parts,
  name,
  rows,
  pairs,
  marks,
  heldOutRows,
  settings,
  savedAt: 0,
  state: undefined,
  update: 0,
  losses: [],
  heldOut: [],
});

const updatesOf = ({ pairs, settings }: TuningRun): number =>
  Math.ceil(pairs.length / BATCH) * settings.epochs;

export const summaryOf = (run: TuningRun): TuneProgress => ({
  update: run.update,
  updates: updatesOf(run),
  losses: [...run.losses],
  heldOut: [...run.heldOut],
  heldOutQueries: run.heldOutRows.length,
});

/**
 * Trains a run to its end or until it is stopped, on from where it is; yields it whenever it should be kept. The pairs of an update
 * depend on the seed and its number alone, so that a run which went on ends as one that was never closed. Its `weights` are then
 * the trained ones.
 * @throws RangeError for a run without pairs of both labels
 */
export async function* trainRun(
  run: TuningRun,
  {
    provider,
    onProgress,
    isStopped,
  }: { provider: PageProvider; onProgress(progress: TuneProgress): void; isStopped(): boolean },
): AsyncGenerator<TuningRun> {
  const { config, pairs, settings } = run;
  if (new Set(pairs.map(({ label }) => label)).size < 2)
    throw new RangeError(
      'labels: expected relevant and not relevant passages, got one kind alone — label a few of the other',
    );
  const plan = compile(rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } }), {
    initial: (name) => run.weights.get(name)!,
    optimizer: { maxGradNorm: 1 },
  });
  const session = await TrainingSession.create(plan, { provider, threads: threads() });
  try {
    if (run.state) session.restore(run.state);
    const encoder = pairEncoder(
      openTokenizer(run.tokenizerFiles),
      config,
      Math.min(MAX_LENGTH, longestSequence(config)),
    );
    const inputs = await session.inputs();
    const total = updatesOf(run);
    const rate = schedule({ decay: 'linear', total, warmup: 0 });
    const keep = async (): Promise<TuningRun> => {
      await session.synchronize();
      run.state = session.snapshot();
      run.weights = new Map(
        session.weights().map(({ name, data }) => [name, Float32Array.from(data as Float32Array)]),
      );
      return run;
    };
    const evaluate = async () => {
      const value = await heldOutQuality(session, encoder, run.heldOutRows);
      if (value !== undefined) run.heldOut.push({ update: run.update, value });
      onProgress(summaryOf(run));
    };
    if (run.update === 0) await evaluate();
    const perEpoch = total / settings.epochs;
    while (run.update < total && !isStopped()) {
      const { update } = run;
      const order = at(SEED, 'order', Math.floor(update / perEpoch)).sample(pairs.length, pairs.length);
      const first = (update % perEpoch) * BATCH;
      const indices = order.slice(first, first + BATCH);
      const examples = indices.map((i) => ({ ...pairs[i]!, at: { file: 'labels', line: i + 1 } }));
      const { batch } = collatePointwise(
        { examples, indices },
        { encoder, dropout: { seed: SEED, update, inputs } },
      );
      const { loss } = await session.trainStep(batch, {
        learningRate: settings.learningRate * rate(update),
      });
      run.losses.push(loss);
      run.update++;
      if (run.update % perEpoch === 0) await evaluate();
      else onProgress(summaryOf(run));
      if (run.update % SAVED_EVERY === 0 || run.update === total) yield await keep();
      // Lets messages in, such as that to stop.
      await new Promise((resolve) => setTimeout(resolve));
    }
    yield await keep();
  } finally {
    session.dispose();
  }
}

/** Mean nDCG@10 of held-out queries over the passages that the file lists for them; undefined for none. */
async function heldOutQuality(
  session: TrainingSession,
  encoder: ReturnType<typeof pairEncoder>,
  rows: readonly Row[],
): Promise<number | undefined> {
  if (rows.length === 0) return undefined;
  const judged: { scores: Float32Array; relevance: readonly number[] }[] = [];
  for (const { query, passages, labels } of rows) {
    const examples = passages.map((content, i) => ({
      query,
      content,
      label: labels[i]!,
      at: { file: 'held out', line: i + 1 },
    }));
    const { batch } = collatePointwise({ examples, indices: [...examples.keys()] }, { encoder });
    const { outputs } = await session.evaluate(batch);
    judged.push({ scores: outputs.logits!.data as Float32Array, relevance: labels });
  }
  return evaluateRanking(judged, ['ndcg@10']).means['ndcg@10'];
}
