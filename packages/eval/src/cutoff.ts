/** Checks the cut-off of a metric, in ranks: a positive integer, or Infinity for the whole ranking. */
export function checkCutoff(metric: string, k: number): void {
  if (k !== Number.POSITIVE_INFINITY && !(Number.isInteger(k) && k > 0)) {
    throw new RangeError(
      `${metric}: k expected a positive integer of ranks, got ${k} — write for example ${metric}@10`,
    );
  }
}
