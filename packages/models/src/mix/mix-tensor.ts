import { type Dtype, elementCount } from '../dtype.js';
import type { StoredTensor } from './stored-tensor.js';

/** Elements that are summed at a time: 8 MiB in float64. */
const CHUNK = 1 << 20;

/** True for the dtypes that are mixed; the others are copied. */
export const isFloat = (dtype: Dtype): boolean => /^(F|BF)\d+$/.test(dtype);

/** What a mix of such tensors is written as: their own half precision where all have the same, else F32. */
export function mixedDtype(dtypes: readonly Dtype[]): Dtype {
  const [first, ...others] = dtypes;
  const isShared = others.every((dtype) => dtype === first);
  return isShared && (first === 'F16' || first === 'BF16') ? first : 'F32';
}

/**
 * Σ weightᵢ · tensorᵢ by elements, summed in float64 and rounded to float32 once; a part of the weight 0 is not read.
 * Memory: the result and a chunk of each part, where the files let parts be read.
 */
export async function mixTensor(
  parts: readonly StoredTensor[],
  weights: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const out = new Float32Array(elementCount(parts[0]!.shape));
  const used = parts.flatMap((part, i) => (weights[i] === 0 ? [] : [{ part, weight: weights[i]! }]));
  const step = used.every(({ part }) => part.hasParts) ? CHUNK : Math.max(out.length, 1);
  for (let from = 0; from < out.length; from += step) {
    const count = Math.min(step, out.length - from);
    const sum = new Float64Array(count);
    for (const { part, weight } of used) {
      const values = await part.read(from, count);
      for (let i = 0; i < count; i++) sum[i]! += weight * values[i]!;
    }
    out.set(sum, from);
  }
  return out;
}

/**
 * The bytes of an integer tensor, which all models must have equal.
 * @returns undefined where another differs, at which place in the list
 */
export async function copyTensor(
  parts: readonly StoredTensor[],
): Promise<{ bytes: Uint8Array } | { differs: number } | { unreadable: number }> {
  const copies = await Promise.all(parts.map((part) => part.bytes()));
  const unreadable = copies.indexOf(undefined);
  if (unreadable >= 0) return { unreadable };
  const [first, ...others] = copies as Uint8Array[];
  const differs = others.findIndex((bytes) => bytes.some((byte, i) => byte !== first![i]));
  return differs >= 0 ? { differs: differs + 1 } : { bytes: first! };
}
