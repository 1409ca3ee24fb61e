/**
 * Buckets of relative positions, in the float32 steps of PyTorch: whether a distance is still in a bucket may hang on the last bit.
 */

/** Rows of MPNet's table of relative positions. */
export const MPNET_BUCKETS = 32;
/** The distance from which on MPNet has one bucket. */
const MPNET_FARTHEST = 128;

const { fround } = Math;
const log = (x: number): number => fround(Math.log(fround(x)));

/**
 * MPNet's bucket of a distance from query to key: one each below 8, then by logarithm (https://arxiv.org/abs/1910.10683, section 2.1);
 * keys after their query in the upper half.
 */
export function mpnetBucket(distance: number): number {
  const half = MPNET_BUCKETS / 2;
  const exact = half / 2;
  const far = Math.abs(distance);
  const share = fround(log(far / exact) / log(MPNET_FARTHEST / exact));
  const bucket = far < exact ? far : Math.min(exact + Math.floor(fround(share * (half - exact))), half - 1);
  return bucket + (distance > 0 ? half : 0);
}

/**
 * DeBERTa's bucket of the distance between two columns: itself within half of `buckets`, then by logarithm up to `farthest`
 * (`make_log_bucket_position` of transformers).
 */
export function debertaBucket(distance: number, buckets: number, farthest: number): number {
  const middle = Math.floor(buckets / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const share = fround(log(far / middle) / log((farthest - 1) / middle));
  const bucket = Math.ceil(fround(share * (middle - 1))) + middle;
  return distance < 0 ? -bucket : bucket;
}
