import type { DType, Tensor } from '../tensor.js';
import type { CudaOptions } from './cuda-options.js';

/** An input or output of a model: a symbolic size is its name, `''` where the model gives none. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  /** `[]` for a scalar and for a tensor whose rank the model leaves open. */
  readonly shape: readonly (number | string)[];
}

/** Graph optimization levels, as ONNX Runtime names them. */
export type GraphOptimizationLevel = 'disabled' | 'basic' | 'extended' | 'layout' | 'all';

/** Session config entry: the folder of a model's external data. */
export const EXTERNAL_DATA_FOLDER = 'session.model_external_initializers_file_folder_path';

/** What a driver needs to open a model; see `SessionOptions` for the meaning of each. */
export interface DriverOptions {
  readonly provider: string;
  readonly intraOpNumThreads?: number;
  readonly graphOptimizationLevel?: GraphOptimizationLevel;
  readonly enableMemPattern?: boolean;
  readonly enableCpuMemArena?: boolean;
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  /** Of provider `cuda` with driver `ffi`. */
  readonly cuda?: CudaOptions;
  /** Session config entries of onnxruntime_session_options_config_keys.h, the external data folder included. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * What one file per driver provides; `session.ts` has checked names, dtypes, shapes and lifetimes before it calls.
 * A driver keeps arrays alive while native code uses them and frees everything at `release`.
 */
export interface DriverSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs to the named outputs: into the given tensor, or into new memory where it is null. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>>;
  release(): void;
}
