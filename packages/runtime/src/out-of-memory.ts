import { SessionError } from './error.js';

/** Memory that could not be had: on the host, in WebAssembly's 4 GiB, or on the device. What was open stays usable. */
export class OutOfMemoryError extends SessionError {
  override readonly name = 'OutOfMemoryError';
  constructor(
    where: string,
    readonly provider: string,
    /** What was asked for at once; undefined where ONNX Runtime does not say. */
    readonly bytes: number | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    const asked = bytes === undefined ? 'memory' : `${bytes} bytes of memory`;
    const advice = adviceOf[provider] ?? 'give fewer or shorter texts at a time';
    super(where, `expected ${asked} of provider '${provider}', got none (${reason}) — ${advice}`, options);
  }
}

const adviceOf: Readonly<Record<string, string>> = {
  cpu: 'give fewer or shorter texts at a time, or use a machine with more memory',
  cuda: "give fewer or shorter texts at a time, free what else is on the device, raise cuda.memoryLimit, or let the arena grow by what is asked for: cuda.arenaExtendStrategy 'kSameAsRequested'",
  webgpu:
    'give fewer or shorter texts at a time: a tensor is one GPU buffer, whose size the device limits (maxBufferSize)',
  wasm: "give fewer or shorter texts at a time, dispose of other models, or use provider 'webgpu': the memory of WebAssembly ends at 4 GiB, for all sessions together",
};

/**
 * What ONNX Runtime 1.30 and those below it say where memory ends; the first group has the bytes, where they are said. `BFCArena` is the
 * arena of cpu and cuda (core/framework/bfc_arena.cc), the second of its texts the arena's limit; sizes that overflow are its own checks.
 */
const texts: readonly RegExp[] = [
  /Failed to allocate memory for requested buffer of size (\d+)/,
  /despite calling Extend\. rounded_bytes=(\d+)/,
  /Available memory of \d+ is smaller than requested bytes of (\d+)/,
  /CUDA failure 2: out of memory|CUDA_ERROR_OUT_OF_MEMORY|CU[A-Z]+_STATUS_ALLOC_FAILED/,
  // libstdc++ and libc++; MSVC.
  /std::bad_alloc|\bbad allocation\b/,
  /failed to allocate a buffer of size (\d+)/,
  // Dawn, as WebGPU's error scopes have it, and what follows from a buffer that was not made.
  /Buffer size \((\d+)\) exceeds the max buffer size limit/,
  /Allocation size too large|VK_ERROR_OUT_OF_(?:DEVICE|HOST)_MEMORY|E_OUTOFMEMORY|Out of memory/,
  /\[Invalid Buffer[^\]]*\] is invalid due to a previous error/,
  // A size in bytes, or a number of elements, that the provider's integers do not hold.
  /Tensor shape is too large|SafeIntOnOverflow\(\) Integer overflow|Status Message: narrowing_error/,
  // JavaScript's own arrays; a WebAssembly memory that cannot grow.
  /Array buffer allocation failed|Invalid typed array length: (\d+)|could not allocate memory/,
  // Feeds that do not fit into WebAssembly's memory (onnxruntime-web writes past its end).
  /^ONNX Runtime: offset is out of bounds$/,
];

/** The error as an OutOfMemoryError where it tells of memory that could not be had; undefined where it does not. */
export function outOfMemory(provider: string, error: SessionError): OutOfMemoryError | undefined {
  for (const text of texts) {
    const found = text.exec(error.problem);
    if (!found) continue;
    const bytes = found[1] === undefined ? undefined : Number(found[1]);
    // Dawn tells of every call on its way, line by line.
    const [reason = ''] = error.problem.split('\n');
    return new OutOfMemoryError(error.where, provider, bytes, reason.trim(), { cause: error });
  }
  return undefined;
}
