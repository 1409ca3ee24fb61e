/** In how many queries the second of two systems was better, equal and worse. */
export interface Outcomes {
  wins: number;
  ties: number;
  losses: number;
}

/** Below this two values of a metric are one: sums of the same terms in another order. */
const SAME = 1e-9;

/**
 * Counts queries by whose value is higher.
 * @param a per-query values of the first system
 * @param b of the second, same queries in the same order
 * @throws on unequal lengths and values that are not finite
 */
export function outcomes(a: readonly number[], b: readonly number[]): Outcomes {
  if (a.length !== b.length)
    throw new Error(
      `outcomes: expected two systems on the same queries, got ${a.length} and ${b.length} values — evaluate both on one set`,
    );
  const counted: Outcomes = { wins: 0, ties: 0, losses: 0 };
  for (let i = 0; i < a.length; i++) {
    const difference = b[i]! - a[i]!;
    if (!Number.isFinite(difference))
      throw new Error(
        `outcomes: value ${i} expected finite numbers, got ${a[i]} and ${b[i]} — check the scores`,
      );
    if (Math.abs(difference) < SAME) counted.ties++;
    else if (difference > 0) counted.wins++;
    else counted.losses++;
  }
  return counted;
}
