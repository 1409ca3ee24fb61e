import type { Histogram } from './tracker.js';

/**
 * Counts of finite numbers in buckets of equal width between the smallest and the largest; equal numbers give one bucket around them.
 * @throws RangeError for no numbers, one that is not finite, or fewer than one bucket
 */
export function histogramOf(numbers: ArrayLike<number>, buckets = 30): Histogram {
  if (!Number.isInteger(buckets) || buckets < 1)
    throw new RangeError(`histogramOf: expected at least 1 bucket, got ${buckets} — ask for some`);
  if (numbers.length === 0)
    throw new RangeError('histogramOf: expected numbers, got none — leave the histogram out');
  let [low, high, sum, sumOfSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!;
    if (!Number.isFinite(number))
      throw new RangeError(
        `histogramOf: expected finite numbers, got ${number} at ${index} — leave out what is none`,
      );
    low = Math.min(low, number);
    high = Math.max(high, number);
    sum += number;
    sumOfSquares += number * number;
  }
  if (low === high) {
    const margin = Math.max(Math.abs(low) * 1e-6, 1e-6);
    return { edges: [low - margin, high + margin], counts: [numbers.length], sum, sumOfSquares };
  }
  const counts = new Array<number>(buckets).fill(0);
  // Halved first: the span of two huge numbers is no number.
  const span = high / 2 - low / 2;
  for (let index = 0; index < numbers.length; index++) {
    const place = Math.floor(((numbers[index]! / 2 - low / 2) / span) * buckets);
    counts[Math.min(place, buckets - 1)]!++;
  }
  const edges = Array.from({ length: buckets + 1 }, (_, index) =>
    index === buckets ? high : low + (span * index * 2) / buckets,
  );
  return { edges, counts, sum, sumOfSquares };
}
