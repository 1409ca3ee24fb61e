import { countUpdates } from '../schedule.js';

/** What settings and data come to. */
export interface RunEstimate {
  readonly examples: number;
  readonly batchesPerEpoch: number;
  readonly updatesPerEpoch: number;
  readonly updates: number;
  /** Updates of warm-up. */
  readonly warmup: number;
  /** A saved model, in float32; undefined where its size is not known. */
  readonly modelBytes?: number;
  /** Checkpoints, which hold AdamW's two moments too, one that is being written, and the final model. */
  readonly diskBytes?: number;
  /** Weights, gradients and AdamW's two moments where all weights are trained; without activations, which only a probe can tell. */
  readonly stateBytes?: number;
}

export interface EstimateOptions {
  readonly examples: number;
  readonly batchSize: number;
  /** Each of which takes batches of this size. @default 1 */
  readonly processes?: number;
  readonly epochs: number;
  readonly gradientAccumulationSteps: number;
  readonly warmupSteps?: number;
  readonly warmupProportion: number;
  readonly saveOnEpochEnd: boolean;
  readonly saveSteps?: number | undefined;
  readonly evalSteps?: number | undefined;
  readonly numMaxCheckpoints: number;
  readonly exportOnnx: boolean;
  /** Whether all weights are trained, and saved whole. */
  readonly trainsAll: boolean;
  readonly parameters?: number;
}

/** Counts updates, and bytes in memory and on disk. */
export function estimateRun(options: EstimateOptions): RunEstimate {
  const { examples, batchSize, epochs, warmupSteps, warmupProportion, parameters } = options;
  const batchesPerEpoch = Math.ceil(examples / (batchSize * (options.processes ?? 1)));
  const { perEpoch, total } = countUpdates(batchesPerEpoch, epochs, options.gradientAccumulationSteps);
  const every = (steps = Number.POSITIVE_INFINITY) => Math.floor(total / steps);
  const written = (options.saveOnEpochEnd ? epochs : 0) + every(options.saveSteps) + every(options.evalSteps);
  const checkpoints = Math.min(written, options.numMaxCheckpoints);
  const modelBytes = parameters === undefined || !options.trainsAll ? undefined : 4 * parameters;
  return {
    examples,
    batchesPerEpoch,
    updatesPerEpoch: perEpoch,
    updates: total,
    warmup: warmupSteps ?? Math.floor(total * warmupProportion),
    ...(modelBytes !== undefined && {
      modelBytes,
      diskBytes: modelBytes * (checkpoints > 0 ? 3 * (checkpoints + 1) : 1) + finalBytes(options, modelBytes),
      stateBytes: 4 * modelBytes,
    }),
  };
}

const finalBytes = ({ exportOnnx }: EstimateOptions, modelBytes: number): number =>
  modelBytes * (exportOnnx ? 2 : 1);
