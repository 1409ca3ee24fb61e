import { SessionError } from '../error.js';
import { elementCount } from '../tensor.js';

/** Where arrays lie: memory that threads share, or memory of one thread, which is all that driver `web` reads. */
export type Memory = 'shared' | 'own';

/**
 * Zeros in a SharedArrayBuffer, which ONNX Runtime (driver `ffi`) and update threads read and write in place, or in an ArrayBuffer.
 * Takes a size in bytes (a multiple of 4) or a shape; throws SessionError on others.
 */
export function allocate(
  bytesOrShape: number | readonly number[],
  memory?: 'shared',
): Float32Array<SharedArrayBuffer>;
export function allocate(bytesOrShape: number | readonly number[], memory: Memory): Float32Array;
export function allocate(bytesOrShape: number | readonly number[], memory: Memory = 'shared'): Float32Array {
  const bytes = typeof bytesOrShape === 'number' ? bytesOrShape : elementCount('allocate', bytesOrShape) * 4;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % 4 !== 0) {
    throw new SessionError('allocate', `expected a whole number of bytes that 4 divides, got ${bytes}`);
  }
  return new Float32Array(memory === 'shared' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
}
