import type { Checkpoint, NamedTensor } from '../artifacts/checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import type { TrainingArtifacts } from '../artifacts/names.js';
import type { TensorInfo } from '../drivers/driver.js';
import { SessionError } from '../error.js';
import { type BatchResult, checkedBatch, isChunked, knownNames, type TrainingBatch } from './batch.js';
import type { ComputeOptions } from './compute.js';
import { descend } from './descend.js';
import { exclusive } from './exclusive.js';
import { evaluateSegments, forwardBackward } from './grad-cache.js';
import type { OpenDevice } from './open-residence.js';
import { type Plan, planOf } from './plan.js';
import { checkPrecision } from './precision.js';
import { type SessionState, savedState, takeSavedState } from './saved-state.js';
import { disposedParts, openParts, type SessionParts } from './session-parts.js';
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

  private constructor(private parts: SessionParts) {}

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
    return new TrainingSession(
      await openParts('segments' in plan ? plan : planOf(plan), compute, openDevice),
    );
  }

  /** Updates done so far. */
  get step(): number {
    return this.parts.state.step;
  }

  /** What the gathered gradients are multiplied by: 1, but in fp16. */
  get gradientScale(): number {
    return this.parts.scaler.factor;
  }

  /** What a batch feeds in training, in the artifacts' order; in evaluation what only training reads may be missing. */
  async inputs(): Promise<readonly TensorInfo[]> {
    this.calls.check('inputs');
    const lists = await Promise.all(this.parts.segments.runners.map((segment) => segment.inputs()));
    const known = knownNames(this.parts.names);
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
    const { ranks, chunkedSegments } = this.parts;
    if (this.isComplete || (!batch && !ranks))
      throw new SessionError(
        'accumulate',
        this.isComplete
          ? 'expected update() behind the last batch of an update, got another batch — give `last` with the last one'
          : 'expected a batch, got none — only one of several ranks may have none',
      );
    const checked =
      batch && checkedBatch('accumulate', batch, this.parts.names, 'training', chunkedSegments, !!ranks);
    const { runners, added } = this.parts.segments;
    if (!this.accumulating) ranks?.begin();
    // Chunks add up from zero: one graph, and so one arena, for all of them.
    if (!this.accumulating && (!batch || isChunked(batch))) await this.parts.residence.zeroGradients();
    else if (!this.accumulating && added.size > 0) await this.parts.residence.zeroGradients(added);
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
      const { state, residence, optimizer, scaler, ranks } = this.parts;
      const gathered = ranks ? await ranks.total(this.gathered) : this.gathered;
      try {
        const result = await descend({ state, residence, optimizer, scaler }, gathered, learningRate);
        return ranks ? { ...result, total: gathered } : result;
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
    const { chunkedSegments, ranks } = this.parts;
    const checked =
      batch && checkedBatch('evaluate', batch, this.parts.names, 'evaluation', chunkedSegments, !!ranks);
    return evaluateSegments({ segments: this.parts.segments.runners, chunkedSegments, ranks }, checked);
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
      if (this.parts.ranks && this.accumulating) this.isComplete = true;
      await this.parts.residence.synchronize(what);
    });
  }

  /** Parameters, moments, step and loss scale, copied; not between `accumulate` and `update`. */
  snapshot(): Checkpoint {
    return this.hostState('snapshot', snapshotState);
  }

  private hostState(where: string, taken: (state: TrainingState) => Checkpoint): Checkpoint {
    this.checkBetweenUpdates(where);
    this.parts.residence.checkHost(where);
    return taken(this.parts.state);
  }

  /** `snapshot` as the bytes of a `checkpoint` file. */
  checkpoint(): Uint8Array {
    return encodeCheckpoint(this.hostState('checkpoint', stateInPlace));
  }

  /** Goes back to a snapshot of the same parameters; gathered gradients are forgotten. */
  restore(checkpoint: Checkpoint): void {
    this.calls.checkIdle('restore');
    restoreState(this.parts.state, checkpoint);
    this.goOn();
  }

  /** What `snapshot` holds of trained parameters, read tensor by tensor from where it lies: of any size, and nothing of it copied on the host. */
  saveState(): SessionState {
    this.checkBetweenUpdates('saveState');
    return savedState(this.parts.state, this.parts.residence);
  }

  /** Goes on from a saved state; gathered gradients are forgotten. A session that could not take all of it is disposed of. */
  async loadState(saved: SessionState): Promise<void> {
    return this.calls.alone('loadState', async () => {
      try {
        await takeSavedState(this.parts.state, saved, this.parts.residence.write);
      } catch (error) {
        this.dispose();
        throw error;
      }
      this.goOn();
    });
  }

  private goOn(): void {
    this.parts.residence.takeHost();
    this.parts.scaler.begin();
    this.forget();
  }

  /**
   * One parameter as it stands, to be used before the next update. What lies in shares is read from all ranks, by a call of all in one order:
   * no more than this parameter is whole at once.
   */
  async readWeight(name: string): Promise<Float32Array> {
    this.calls.check('readWeight');
    const frozen = this.parts.state.frozen.get(name);
    return frozen ? (frozen.data as Float32Array) : this.parts.residence.read(name, 'value');
  }

  /** The parameters under their names, as views of the live state; those that are resident are the caller's already. */
  weights(): readonly NamedTensor[] {
    this.calls.check('weights');
    this.parts.residence.checkHost('weights', 'weights');
    return weightsInPlace(this.parts.state);
  }

  /** The gathered gradients' sums, times `gradientScale`, under their parameters' names, as views; for tests and tools. */
  gradients(): readonly NamedTensor[] {
    this.calls.check('gradients');
    this.parts.residence.checkHost('gradients');
    return this.parts.state.trained.map(({ name, gradient: { shape, data } }) => ({
      name,
      dtype: 'float32',
      shape,
      data,
    }));
  }

  /** Frees sessions and threads, and lets go of the state's arrays; a second call does nothing. */
  dispose(): void {
    if (!this.calls.end()) return;
    // Whoever still holds the session, or closures over it, holds numbers alone.
    this.parts = disposedParts(this.parts);
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
