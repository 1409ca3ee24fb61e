import type { Memory } from './allocate.js';

/** How sessions of a training run are opened. */
export interface ComputeOptions {
  /** `cpu` in Node; `wasm` in a page, or in Node without a native library. */
  readonly provider: 'cpu' | 'wasm';
  /** Threads within one operator; ONNX Runtime's own default where left out. */
  readonly threads?: number;
}

/** Where a run's state lies: `wasm` copies from memory of one thread, `cpu` shares it with update threads. */
export const memoryOf = ({ provider }: ComputeOptions): Memory => (provider === 'wasm' ? 'own' : 'shared');

/** Threads of the optimizer's pass; with `wasm` the calling one alone. */
export const updateThreads = ({ provider, threads = 1 }: ComputeOptions): number =>
  provider === 'wasm' ? 1 : threads;
