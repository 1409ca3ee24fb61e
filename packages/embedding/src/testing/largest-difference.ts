/** The largest difference of two lists of vectors; Infinity where their shapes differ or a number is not finite. */
export function largestDifference(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  if (a.length !== b.length || a.some((vector, i) => vector.length !== b[i]!.length)) return Infinity;
  const differences = a.flatMap((vector, i) => Array.from(vector, (x, j) => Math.abs(x - b[i]![j]!)));
  return differences.every(Number.isFinite) ? Math.max(0, ...differences) : Infinity;
}
