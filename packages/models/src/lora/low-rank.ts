/** One adapter of a matrix: left [rows, rank] and right [rank, columns], and what their product is multiplied with. */
export interface LowRank {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly rank: number;
  readonly scaling: number;
}

/**
 * Adds scaling·left·right to weight [rows, columns] in place. Products are summed in float64 and each sum is rounded once, so that taking
 * the same adapter off again (`-scaling`) leaves every element within half a step of float32 at the merged element's size, twice.
 */
export function addLowRank(
  weight: Float32Array,
  columns: number,
  { left, right, rank, scaling }: LowRank,
): void {
  const sums = new Float64Array(columns);
  for (let row = 0; row < weight.length / columns; row++) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = left[row * rank + k]!;
      const from = k * columns;
      for (let column = 0; column < columns; column++) sums[column]! += factor * right[from + column]!;
    }
    const at = row * columns;
    for (let column = 0; column < columns; column++) weight[at + column]! += scaling * sums[column]!;
  }
}
