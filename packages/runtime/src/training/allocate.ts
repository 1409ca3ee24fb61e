import { SessionError } from '../error.js';
import { elementCount } from '../tensor.js';

/**
 * Zeros in a SharedArrayBuffer, which ONNX Runtime (driver `ffi`) and update threads read and write in place.
 * Takes a size in bytes (a multiple of 4) or a shape; throws SessionError on others.
 */
export function allocate(bytesOrShape: number | readonly number[]): Float32Array<SharedArrayBuffer> {
  const bytes = typeof bytesOrShape === 'number' ? bytesOrShape : elementCount('allocate', bytesOrShape) * 4;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % 4 !== 0) {
    throw new SessionError('allocate', `expected a whole number of bytes that 4 divides, got ${bytes}`);
  }
  return new Float32Array(new SharedArrayBuffer(bytes));
}
