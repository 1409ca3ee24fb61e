import type { PairedDifference } from '@rag/eval';

/** A system's metrics, each a mean with its 95 % interval. */
export type MetricIntervals = Readonly<Record<string, { mean: number; low: number; high: number }>>;

/** The means alone. */
export const meansOf = (metrics: MetricIntervals): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, { mean }]) => [name, mean]));

/** A table for the terminal: one system per line, `mean [low, high]` of each metric of the first. */
export function formatReports(
  systems: readonly (readonly [name: string, metrics: MetricIntervals])[],
): string {
  const names = Object.keys(systems[0]?.[1] ?? {});
  const cells = systems.map(([system, metrics]) => [
    system,
    ...names.map((metric) => {
      const { mean, low, high } = metrics[metric]!;
      return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
    }),
  ]);
  const rows = [['', ...names], ...cells];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `mrr@10 +0.213 [0.101, 0.330]` of each metric. */
export function formatDifference(difference: Readonly<Record<string, PairedDifference>>): string {
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
  return Object.entries(difference)
    .map(([name, { difference: mean, low, high }]) => {
      return `${name} ${signed(mean)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
    })
    .join(', ');
}
