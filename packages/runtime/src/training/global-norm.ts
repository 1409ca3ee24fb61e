import { SessionError } from '../error.js';

/**
 * Elements per block of sums and updates. Fixed, so that a sum over blocks is the same number for any count of threads.
 */
export const blockSize = 65_536;

/**
 * Sum of squares of elements `start` to `end`, in float64 and always in the same order.
 * Self-contained (no imports, no inner functions): its source text is also run in worker threads.
 */
export function squareSum(values: Float32Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const x0 = values[i]!;
    const x1 = values[i + 1]!;
    const x2 = values[i + 2]!;
    const x3 = values[i + 3]!;
    a += x0 * x0;
    b += x1 * x1;
    c += x2 * x2;
    d += x3 * x3;
  }
  for (; i < end; i++) a += values[i]! * values[i]!;
  return a + b + (c + d);
}

/** Square root of the sum of all gradients' squares, times `|scale|`: NaN or Infinity if a gradient is. */
export function globalNorm(gradients: readonly Float32Array[], scale = 1): number {
  let sum = 0;
  for (const gradient of gradients) {
    for (let start = 0; start < gradient.length; start += blockSize) {
      sum += squareSum(gradient, start, Math.min(gradient.length, start + blockSize));
    }
  }
  return Math.sqrt(sum) * Math.abs(scale);
}

/**
 * The factor that brings a norm down to `maxNorm`, at most 1: `maxNorm / (norm + 1e-6)` as torch.nn.utils.clip_grad_norm_.
 * Throws SessionError on a norm that is not finite.
 */
export function clipCoefficient(norm: number, maxNorm: number): number {
  if (!(maxNorm > 0)) throw new SessionError('clipCoefficient', `expected maxNorm > 0, got ${maxNorm}`);
  if (!Number.isFinite(norm) || norm < 0) {
    throw new SessionError(
      'clipCoefficient',
      `expected a finite norm, got ${norm} — a gradient overflowed or is NaN`,
    );
  }
  return Math.min(1, maxNorm / (norm + 1e-6));
}
