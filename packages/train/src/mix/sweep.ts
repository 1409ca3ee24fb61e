import type { MeanInterval } from '@rag/eval';
import { formatReports } from '../recipes/report-table.js';

/** A mix of (1 − α) base and α tuned, judged on both sets. */
export interface SweepPoint {
  /** Weight of the tuned model. */
  readonly alpha: number;
  readonly domain: MeanInterval;
  readonly guard: MeanInterval;
}

/** How far the guard's metric may fall below the base's. */
export const GUARD_LOSS = 0.01;

/** Eleven weights from 0 to 1. */
export const ALPHAS: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/** The rule in words. */
export const describeRule = (metric: string, guardLoss: number): string =>
  `the best α has the highest ${metric} on the domain set among those that lose at most ${guardLoss} on the guard set against α = 0; of equals the smallest`;

/**
 * The best point: the highest domain metric among those whose guard metric is at most `guardLoss` below that of the smallest α,
 * the base's; of equals the smallest α.
 * @param points by rising α
 */
export function bestPoint(points: readonly SweepPoint[], guardLoss = GUARD_LOSS): SweepPoint {
  const [base] = points as [SweepPoint, ...SweepPoint[]];
  // A margin for the rounding of 0.71 − 0.7.
  const isSafe = ({ guard }: SweepPoint) => base.guard.mean - guard.mean <= guardLoss + 1e-12;
  return points
    .filter(isSafe)
    .reduce((best, point) => (point.domain.mean > best.domain.mean ? point : best), base);
}

/** `α 0.30`. */
export const alphaText = (alpha: number): string => `α ${alpha.toFixed(2)}`;

/** A line per α, means with their 95 % intervals. */
export const formatSweep = (points: readonly SweepPoint[], metric: string): string =>
  formatReports(
    points.map(({ alpha, domain, guard }) => [
      alphaText(alpha),
      { [`domain ${metric}`]: domain, [`guard ${metric}`]: guard },
    ]),
  );
