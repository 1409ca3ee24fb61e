import type { Collective } from '../collectives/collective.js';
import type { CudaOptions } from '../drivers/cuda-options.js';
import type { Provider } from '../session.js';
import type { Memory } from './allocate.js';
import type { LossScaling } from './loss-scale.js';
import type { Precision } from './precision.js';
import type { Sharding } from './sharding.js';

/** How sessions of a training run are opened. */
export interface ComputeOptions {
  /**
   * `cpu` and `cuda` in Node; `webgpu` in a page, or in Node with an adapter; `wasm` in a page, or in Node without a native library.
   * With `cuda` and `webgpu` the state stays on the device: `synchronize()` reads it.
   */
  readonly provider: Provider;
  /** Threads within one operator; ONNX Runtime's own default where left out. */
  readonly threads?: number;
  /** Number format of the model's products; the state, norms, softmax and losses are fp32 in each. @default 'fp32' */
  readonly precision?: Precision;
  /** Rounds float32 numbers as `precision` has them, on `cpu` and `wasm`: a proof of what other providers compute, and slower than fp32. */
  readonly emulatePrecision?: boolean;
  /** Of provider `cuda`. */
  readonly cuda?: CudaOptions;
  /** Of fp16; bf16 and fp32 need none. */
  readonly lossScaling?: LossScaling;
  /**
   * The ranks that train together, each on its part of every batch: they sum gradients, loss and weight, and all update alike. With provider
   * `cpu`. @default one process
   */
  readonly collective?: Collective;
  /** What each rank holds only a share of; `parameters` of a plan that is cut between layers. @default 'none' */
  readonly sharding?: Sharding;
}

/** Where a run's state lies: `wasm` copies from memory of one thread, `cpu` shares it with update threads. */
export const memoryOf = ({ provider }: ComputeOptions): Memory => (provider === 'wasm' ? 'own' : 'shared');

/** Threads of the optimizer's pass; with `wasm` the calling one alone. */
export const updateThreads = ({ provider, threads = 1 }: ComputeOptions): number =>
  provider === 'wasm' ? 1 : threads;
