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
import { exclusive } from './exclusive.js';
import { clipCoefficient } from './global-norm.js';
import { evaluateSegments, forwardBackward } from './grad-cache.js';
import { type LossScaler, lossScaler } from './loss-scale.js';
import { type OpenDevice, openResidence } from './open-residence.js';
import { type OptimizerPlan, updateSettings } from './optimizer-model.js';
import { type Plan, planOf } from './plan.js';
import { checkPrecision } from './precision.js';
import type { Residence } from './residence.js';
import { type SessionState, savedState, takeSavedState } from './saved-state.js';
import { type OpenedSegments, openSegments } from './segment-runner.js';
import { restoreState, snapshotState, stateInPlace, type TrainingState } from './state.js';
import type { UpdateResult } from './update-result.js';

/**
 * Runs training artifacts on stock ONNX Runtime: forward and backward as lowered graphs over resident state, AdamW in
 * one pass over it. Made from artifacts only; it knows no model, no tokens and no files.
 */
export class TrainingSession {
  private gathered = { sum: 0, weight: 0 };
  private accumulating = false;
  private readonly calls = exclusive();

  private constructor(
    private readonly state: TrainingState,
    private readonly segments: OpenedSegments,
    private readonly names: readonly BatchNames[],
    private readonly chunkedSegments: number | undefined,
    private readonly optimizer: OptimizerPlan,
    private readonly residence: Residence,
    private readonly scaler: LossScaler,
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
    const opened = await openResidence(initial, optimizerModel, compute, openDevice);
    const { residence, state, optimizer } = opened;
    return new TrainingSession(
      state,
      openSegments(segments, residence, compute),
      batchNames(segments, state),
      chunkedSegments,
      optimizer,
      residence,
      lossScaler(state, compute.precision === 'fp16' ? (compute.lossScaling ?? {}) : undefined),
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
   * @throws SessionError for a batch that does not fit; the gradients gathered before it are then forgotten
   */
  async accumulate(batch: TrainingBatch): Promise<BatchResult> {
    return this.calls.alone('accumulate', async () => {
      try {
        return await this.gather(batch);
      } catch (error) {
        // Some buffers may hold this batch's gradients by now and others not.
        this.forget();
        throw error;
      }
    });
  }

  private async gather(batch: TrainingBatch): Promise<BatchResult> {
    const checked = checkedBatch('accumulate', batch, this.names, 'training', this.chunkedSegments);
    const { runners, added } = this.segments;
    // Chunks add up from zero: one graph, and so one arena, for all of them.
    if (!this.accumulating && isChunked(batch)) await this.residence.zeroGradients();
    else if (!this.accumulating && added.size > 0) await this.residence.zeroGradients(added);
    const plan = { segments: runners, chunkedSegments: this.chunkedSegments };
    const how = this.accumulating ? 'add' : 'overwrite';
    const result = await forwardBackward(plan, checked, how, this.gradientScale);
    this.accumulating = true;
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
    return this.calls.alone('update', () => this.descend(learningRate));
  }

  private async descend(learningRate: number): Promise<UpdateResult> {
    const { sum, weight } = this.gathered;
    if (!this.accumulating)
      throw new SessionError(
        'update',
        'expected gradients, got none since the last update — accumulate() a batch first',
      );
    if (!(weight > 0)) {
      this.forget();
      throw new SessionError(
        'update',
        `expected batches with something to learn from, got a total weight of ${weight} — drop such batches`,
      );
    }
    const { maxGradNorm } = this.optimizer;
    const loss = sum / weight;
    const gradientNorm = await this.residence.globalNorm(1 / weight / this.gradientScale);
    if (!Number.isFinite(gradientNorm)) {
      this.forget();
      const skipped = this.scaler.skipped(loss, weight);
      if (skipped) return { loss, weight, gradientNorm, ...skipped };
      throw new SessionError(
        'update',
        `expected finite gradients, got a norm of ${gradientNorm} at a loss of ${loss} — lower the learning rate or look at the batch`,
      );
    }
    const clip = maxGradNorm === undefined ? 1 : clipCoefficient(gradientNorm, maxGradNorm);
    await this.residence.adamw(
      updateSettings(this.optimizer, learningRate),
      this.state.step + 1,
      clip / weight / this.gradientScale,
    );
    this.state.step++;
    this.forget();
    return { loss, weight, gradientNorm, ...this.scaler.applied(weight) };
  }

  /** `accumulate` and `update` for an update of one batch. */
  async trainStep(
    batch: TrainingBatch,
    options: { learningRate: number },
  ): Promise<UpdateResult & { outputs: BatchResult['outputs'] }> {
    const { outputs } = await this.accumulate(batch);
    return { ...(await this.update(options)), outputs };
  }

  /** Forward of one batch without dropout and gradients; a batch that was made for training will do. */
  async evaluate(batch: TrainingBatch): Promise<BatchResult> {
    this.calls.check('evaluate');
    const { chunkedSegments } = this;
    const checked = checkedBatch('evaluate', batch, this.names, 'evaluation', chunkedSegments);
    return evaluateSegments({ segments: this.segments.runners, chunkedSegments }, checked);
  }

  /**
   * Reads the state from the device on which it lies, for `snapshot`, `checkpoint`, `weights` and `gradients`, which throw SessionError
   * where it has changed there since; with `cpu` and `wasm` there is nothing to read.
   */
  async synchronize(): Promise<void> {
    return this.calls.alone('synchronize', () => this.residence.synchronize());
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
        await takeSavedState(this.state, saved);
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

  /** The parameters under their names, as views of the live state; those that are resident are the caller's already. */
  weights(): readonly NamedTensor[] {
    this.calls.check('weights');
    this.residence.checkHost('weights');
    const { trainable, frozen } = stateInPlace(this.state);
    return [...trainable, ...frozen];
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
