import { SessionError } from '../error.js';

/** How the CUDA provider uses a device; what is left out is ONNX Runtime's own default. */
export interface CudaOptions {
  /** Which of the machine's devices, from 0. @default 0 */
  readonly deviceId?: number;
  /** Bytes that the arena of one session may take on the device; a training run has a session for each of its graphs. @default all */
  readonly memoryLimit?: number;
  /**
   * How an arena grows: to the next power of two, which asks seldom and may hold twice of what is used, or by what is asked for.
   * @default 'kNextPowerOfTwo'
   */
  readonly arenaExtendStrategy?: 'kNextPowerOfTwo' | 'kSameAsRequested';
  /** Whether matrix products may round float32 to TF32, 10 bits of mantissa, on devices that have it. @default true, as ONNX Runtime's */
  readonly useTf32?: boolean;
  /**
   * Whether the first run is recorded as a CUDA graph and replayed. Its sizes and addresses are then fixed, and no node may run on the host: for
   * serving of one padded shape, never for training. @default false
   */
  readonly cudaGraph?: boolean;
}

/** Throws SessionError for options out of their range, and for a key that there is not. */
export function checkCudaOptions(where: string, options: CudaOptions): void {
  const { deviceId, memoryLimit, arenaExtendStrategy, useTf32, cudaGraph, ...others } = options;
  const expect = (name: string, ok: boolean, expected: string, got: unknown): void => {
    if (!ok)
      throw new SessionError(`${where}: cuda.${name}`, `expected ${expected}, got ${JSON.stringify(got)}`);
  };
  const whole = (value: number | undefined, least: number): boolean =>
    value === undefined || (Number.isSafeInteger(value) && value >= least);
  expect('deviceId', whole(deviceId, 0) && (deviceId ?? 0) < 2 ** 31, 'a whole number ≥ 0', deviceId);
  expect('memoryLimit', whole(memoryLimit, 1), 'a whole number of bytes ≥ 1', memoryLimit);
  expect(
    'arenaExtendStrategy',
    [undefined, 'kNextPowerOfTwo', 'kSameAsRequested'].includes(arenaExtendStrategy),
    "'kNextPowerOfTwo' or 'kSameAsRequested'",
    arenaExtendStrategy,
  );
  expect('useTf32', [undefined, true, false].includes(useTf32), 'true or false', useTf32);
  expect('cudaGraph', [undefined, true, false].includes(cudaGraph), 'true or false', cudaGraph);
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new SessionError(
      `${where}: cuda`,
      `expected deviceId, memoryLimit, arenaExtendStrategy, useTf32 or cudaGraph, got "${other}"`,
    );
}
