import type { Checkpoint, NamedTensor } from '../artifacts/checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import type { TrainingArtifacts } from '../artifacts/names.js';
import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import {
  type BatchNames,
  type BatchResult,
  batchNames,
  checkedBatch,
  isChunked,
  knownNames,
  type TrainingBatch,
} from './batch.js';
import type { ComputeOptions } from './compute.js';
import { descend } from './descend.js';
import { exclusive } from './exclusive.js';
import { evaluateSegments, forwardBackward } from './grad-cache.js';
import { type LossScaler, lossScaler } from './loss-scale.js';
import { type OpenDevice, openResidence } from './open-residence.js';
import type { OptimizerPlan } from './optimizer-model.js';
import { type Plan, planOf } from './plan.js';
import { checkPrecision } from './precision.js';
import type { RankedMemory } from './ranked-memory.js';
import { rankedRunners } from './ranked-runner.js';
import type { Residence } from './residence.js';
import { type SessionState, savedState, takeSavedState } from './saved-state.js';
import { type OpenedSegments, openSegments } from './segment-runner.js';
import { restoreState, snapshotState, stateInPlace, type TrainingState, weightsInPlace } from './state.js';
import type { UpdateResult } from './update-result.js';

/**
 * Runs training artifacts on stock ONNX Runtime: forward and backward as lowered graphs over resident state, AdamW in
 * one pass over it. Made from artifacts only; it knows no model, no tokens and no files.
 */
export class TrainingSession {
  private gathered = { sum: 0, weight: 0 };
  private accumulating = false;
  /** Whether the update's last batch is gathered. */
  private isComplete = false;
  private readonly calls = exclusive();

  private constructor(
    private readonly state: TrainingState,
    private readonly segments: OpenedSegments,
    private readonly names: readonly BatchNames[],
    private readonly chunkedSegments: number | undefined,
    private readonly optimizer: OptimizerPlan,
    private readonly residence: Residence,
    private readonly scaler: LossScaler,
    private readonly ranks: RankedMemory | undefined,
  ) {}

  /**
   * `openDevice` puts the state on another device than the provider's own.
   * @throws ArtifactError for artifacts that break the format, SessionError where a provider is absent
   */
  static async create(
    plan: Plan | TrainingArtifacts,
    compute: ComputeOptions,
    openDevice?: OpenDevice,
  ): Promise<TrainingSession> {
    await checkPrecision(compute);
    const { segments, chunkedSegments, optimizerModel, initial } = 'segments' in plan ? plan : planOf(plan);
    const opened = await openResidence({ initial, optimizerModel, segments }, compute, openDevice);
    const { residence, state, optimizer, ranks } = opened;
    const { runners, added } = openSegments(segments, residence, compute);
    return new TrainingSession(
      state,
      { runners: ranks ? rankedRunners(runners, ranks) : runners, added },
      batchNames(segments, state),
      chunkedSegments,
      optimizer,
      residence,
      lossScaler(state, compute.precision === 'fp16' ? (compute.lossScaling ?? {}) : undefined),
      ranks,
    );
  }

  /** Updates done so far. */
  get step(): number {
    return this.state.step;
  }

  /** What the gathered gradients are multiplied by: 1, but in fp16. */
  get gradientScale(): number {
    return this.scaler.factor;
  }

  /** What a batch feeds in training, in the artifacts' order; in evaluation what only training reads may be missing. */
  async inputs(): Promise<readonly TensorInfo[]> {
    const lists = await Promise.all(this.segments.runners.map((segment) => segment.inputs()));
    const known = knownNames(this.names);
    const fed = lists.flat().filter(({ name }) => known.has(name));
    return [...new Map(fed.map((info) => [info.name, info])).values()];
  }

  /**
   * Forward and backward of one batch; its gradients are added to those since the last update. A chunked batch has the
   * loss and the gradients of the whole one, in the memory of its largest chunk.
   * @param batch on one of several ranks, all of which call this: its part of the batch; undefined, or no chunks and an empty head, where it has
   * none. The result is that of the part
   * @param options `last`: no other batch follows before the update, so that ranks sum gradients while others are computed
   * @throws SessionError for a batch that does not fit; the gradients gathered before it are then forgotten
   */
  async accumulate(batch: TrainingBatch | undefined, { last = false } = {}): Promise<BatchResult> {
    return this.calls.alone('accumulate', async () => {
      try {
        return await this.gather(batch, last);
      } catch (error) {
        // Some buffers may hold this batch's gradients by now and others not.
        this.forget();
        throw error;
      }
    });
  }

  private async gather(batch: TrainingBatch | undefined, last: boolean): Promise<BatchResult> {
    const { ranks, chunkedSegments } = this;
    if (this.isComplete || (!batch && !ranks))
      throw new SessionError(
        'accumulate',
        this.isComplete
          ? 'expected update() behind the last batch of an update, got another batch — give `last` with the last one'
          : 'expected a batch, got none — only one of several ranks may have none',
      );
    const checked =
      batch && checkedBatch('accumulate', batch, this.names, 'training', chunkedSegments, !!ranks);
    const { runners, added } = this.segments;
    if (!this.accumulating) ranks?.begin();
    // Chunks add up from zero: one graph, and so one arena, for all of them.
    if (!this.accumulating && (!batch || isChunked(batch))) await this.residence.zeroGradients();
    else if (!this.accumulating && added.size > 0) await this.residence.zeroGradients(added);
    const plan = { segments: runners, chunkedSegments, ranks };
    const how = this.accumulating ? 'add' : 'overwrite';
    const scale = this.gradientScale;
    const result = await forwardBackward(plan, checked, { how, scale, isFinal: last });
    this.accumulating = true;
    this.isComplete = last;
    this.gathered.sum += result.sum;
    this.gathered.weight += result.weight;
    return result;
  }

  /**
   * One optimizer update with the gradients gathered since the last one, divided by the weight of all their batches. In fp16
   * gradients that are not finite skip it and halve the loss scale; they are errors only after `MOST_SKIPPED` in a row.
   * @throws SessionError when nothing was gathered, or when its weight or gradients are not usable: they are then forgotten
   */
  async update({ learningRate }: { learningRate: number }): Promise<UpdateResult> {
    return this.calls.alone('update', async () => {
      if (!this.accumulating)
        throw new SessionError(
          'update',
          'expected gradients, got none since the last update — accumulate() a batch first',
        );
      const gathered = this.ranks ? await this.ranks.total(this.gathered) : this.gathered;
      const { state, residence, optimizer, scaler } = this;
      try {
        const result = await descend({ state, residence, optimizer, scaler }, gathered, learningRate);
        return this.ranks ? { ...result, total: gathered } : result;
      } finally {
        this.forget();
      }
    });
  }

  /** `accumulate` and `update` for an update of one batch. */
  async trainStep(
    batch: TrainingBatch | undefined,
    options: { learningRate: number },
  ): Promise<UpdateResult & { outputs: BatchResult['outputs'] }> {
    const { outputs } = await this.accumulate(batch, { last: true });
    return { ...(await this.update(options)), outputs };
  }

  /**
   * Forward of one batch without dropout and gradients; a batch that was made for training will do. Where ranks share parameters or
   * gather vectors, it is a call of all of them, of which some may have no batch.
   */
  async evaluate(batch: TrainingBatch | undefined): Promise<BatchResult> {
    this.calls.check('evaluate');
    const { chunkedSegments, ranks } = this;
    const checked =
      batch && checkedBatch('evaluate', batch, this.names, 'evaluation', chunkedSegments, !!ranks);
    return evaluateSegments({ segments: this.segments.runners, chunkedSegments, ranks }, checked);
  }

  /**
   * Reads the state from the device on which it lies, for `snapshot`, `checkpoint`, `weights` and `gradients`, which throw SessionError
   * where it has changed there since; with `cpu` and `wasm` there is nothing to read. Of several ranks, what lies in shares is read from
   * all of them, by a call of all: it is then whole on each. For `weights` alone if told so, which leaves parameters that are shared to
   * `readWeight`.
   */
  async synchronize(what: 'weights' | 'everything' = 'everything'): Promise<void> {
    return this.calls.alone('synchronize', async () => {
      // Sums over ranks are taken once.
      if (this.ranks && this.accumulating) this.isComplete = true;
      await this.residence.synchronize(what);
    });
  }

  /** Parameters, moments, step and loss scale, copied; not between `accumulate` and `update`. */
  snapshot(): Checkpoint {
    return this.hostState('snapshot', snapshotState);
  }

  private hostState(where: string, taken: (state: TrainingState) => Checkpoint): Checkpoint {
    this.checkBetweenUpdates(where);
    this.residence.checkHost(where);
    return taken(this.state);
  }

  /** `snapshot` as the bytes of a `checkpoint` file. */
  checkpoint(): Uint8Array {
    return encodeCheckpoint(this.hostState('checkpoint', stateInPlace));
  }

  /** Goes back to a snapshot of the same parameters; gathered gradients are forgotten. */
  restore(checkpoint: Checkpoint): void {
    this.calls.checkIdle('restore');
    restoreState(this.state, checkpoint);
    this.goOn();
  }

  /** What `snapshot` holds of trained parameters, read tensor by tensor from where it lies: of any size, and nothing of it copied on the host. */
  saveState(): SessionState {
    this.checkBetweenUpdates('saveState');
    return savedState(this.state, this.residence);
  }

  /** Goes on from a saved state; gathered gradients are forgotten. A session that could not take all of it is disposed of. */
  async loadState(saved: SessionState): Promise<void> {
    return this.calls.alone('loadState', async () => {
      try {
        await takeSavedState(this.state, saved, this.residence.write);
      } catch (error) {
        this.dispose();
        throw error;
      }
      this.goOn();
    });
  }

  private goOn(): void {
    this.residence.takeHost();
    this.scaler.begin();
    this.forget();
  }

  /**
   * One parameter as it stands, to be used before the next update. What lies in shares is read from all ranks, by a call of all in one order:
   * no more than this parameter is whole at once.
   */
  async readWeight(name: string): Promise<Float32Array> {
    this.calls.check('readWeight');
    const frozen = this.state.frozen.get(name);
    return frozen ? (frozen.data as Float32Array) : this.residence.read(name, 'value');
  }

  /** The parameters under their names, as views of the live state; those that are resident are the caller's already. */
  weights(): readonly NamedTensor[] {
    this.calls.check('weights');
    this.residence.checkHost('weights', 'weights');
    return weightsInPlace(this.state);
  }

  /** The gathered gradients' sums, times `gradientScale`, under their parameters' names, as views; for tests and tools. */
  gradients(): readonly NamedTensor[] {
    this.residence.checkHost('gradients');
    return this.state.trained.map(({ name, gradient: { shape, data } }) => ({
      name,
      dtype: 'float32',
      shape,
      data,
    }));
  }

  /** Frees sessions and threads; a second call does nothing. */
  dispose(): void {
    if (!this.calls.end()) return;
    for (const segment of this.segments.runners) segment.dispose();
    this.residence.dispose();
  }

  private forget(): void {
    this.accumulating = false;
    this.isComplete = false;
    this.gathered = { sum: 0, weight: 0 };
  }

  private checkBetweenUpdates(where: string): void {
    this.calls.checkIdle(where);
    if (this.accumulating)
      throw new SessionError(
        where,
        'expected a state between updates, got gathered gradients — update() first',
      );
  }
}
