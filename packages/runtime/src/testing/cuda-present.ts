import { requireCudaProvider } from '../drivers/ffi/library.js';

/** Why tests of the CUDA provider do not run on this machine; undefined where they do. */
export function cudaAbsent(): string | undefined {
  try {
    requireCudaProvider();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
