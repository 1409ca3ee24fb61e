/** Best ones that are compared: a page of search results. */
const K = 10;

/**
 * How many of the best `k` by one list of scores are among the best `k` by another, from 0 to 1: k is 10, or half of a shorter list, since all
 * of it would always overlap. Equal scores keep their order.
 */
export function topOverlap(original: ArrayLike<number>, narrowed: ArrayLike<number>): number {
  const k = Math.max(1, Math.min(K, Math.floor(original.length / 2)));
  const best = (scores: ArrayLike<number>) =>
    Array.from({ length: scores.length }, (_, i) => i)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, k);
  const wanted = new Set(best(original));
  return best(narrowed).filter((i) => wanted.has(i)).length / k;
}
