import { SessionError } from '../../error.js';
import type { CudaOptions } from '../cuda-options.js';
import type { Api, Pointer } from './api.js';

/**
 * Adds the CUDA provider to session options (`OrtCUDAProviderOptionsV2`).
 * @throws SessionError with ONNX Runtime's message where the provider's library, CUDA or cuDNN cannot be loaded
 */
export function appendCuda(api: Api, sessionOptions: Pointer, options: CudaOptions): void {
  const where = "createSession: provider 'cuda'";
  const entries = Object.entries(cudaEntries(options));
  let native: bigint | null = null;
  try {
    native = api.take(where, 'CreateCUDAProviderOptions');
    const [keys, values] = [entries.map(([key]) => key), entries.map(([, value]) => value)];
    api.call(where, 'UpdateCUDAProviderOptions', native, keys, values, entries.length);
    api.call(where, 'SessionOptionsAppendExecutionProvider_CUDA_V2', sessionOptions, native);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(`${where}: `, '') : String(cause);
    throw new SessionError(
      where,
      `expected a CUDA device that ONNX Runtime can use, got: ${reason} — install an NVIDIA driver, CUDA 12 and cuDNN 9, and have their libraries in LD_LIBRARY_PATH`,
      { cause },
    );
  } finally {
    api.release('ReleaseCUDAProviderOptions', native);
  }
}

/** The options under ONNX Runtime's keys (`cuda_execution_provider_info.cc`); what is left out is its own default. */
export function cudaEntries(options: CudaOptions): Record<string, string> {
  const { deviceId = 0, memoryLimit, arenaExtendStrategy, useTf32, cudaGraph } = options;
  return {
    device_id: String(deviceId),
    ...(memoryLimit !== undefined && { gpu_mem_limit: String(memoryLimit) }),
    ...(arenaExtendStrategy !== undefined && { arena_extend_strategy: arenaExtendStrategy }),
    ...(useTf32 !== undefined && { use_tf32: useTf32 ? '1' : '0' }),
    ...(cudaGraph !== undefined && { enable_cuda_graph: cudaGraph ? '1' : '0' }),
  };
}
