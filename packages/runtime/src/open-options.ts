import type { CudaOptions } from './drivers/cuda-options.js';
import { SessionError } from './error.js';
import type { Driver, ProviderChoice, SessionOptions } from './session.js';

/** How a model is opened. */
export interface OpenOptions {
  /** `cpu` (default) and `cuda` in Node, `wasm` and `webgpu` in a page too; a page has no `cpu`. `auto`: the best one present, which `provider` of the model says. */
  readonly provider?: ProviderChoice;
  /**
   * `node` (default in Node), or `ffi`, which leaves the event loop free while it computes (default with `cuda`); `web` (default in a page, and for
   * `wasm`) holds weights in memory.
   */
  readonly driver?: Driver;
  /** Threads within one operator. */
  readonly threads?: number;
  /** Of provider `cuda`: device, memory, TF32. Refused with any other, also where `auto` takes another. */
  readonly cuda?: ModelCudaOptions;
}

/** All but `cudaGraph`, which replays one shape at fixed addresses: the batches of a model vary. */
export type ModelCudaOptions = Omit<CudaOptions, 'cudaGraph'>;

/** The options of the sessions that a model opens. Throws SessionError for `cudaGraph`. */
export function sessionOptions({ provider = 'cpu', driver, threads, cuda }: OpenOptions): SessionOptions {
  if (cuda && 'cudaGraph' in cuda)
    throw new SessionError(
      'cuda.cudaGraph',
      'expected no such option of a model, got one — its batches vary in shape, a recorded graph has one: leave it out',
    );
  return {
    provider,
    // A plan of memory for every shape that comes: batches of texts have ever new ones.
    ...(provider === 'cpu' || provider === 'wasm' ? { enableMemPattern: false } : {}),
    ...(driver === undefined ? {} : { driver }),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(cuda === undefined ? {} : { cuda }),
  };
}
