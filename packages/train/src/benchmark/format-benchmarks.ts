import { formatInterval, oneLine, signed } from '../compare/format-comparison.js';
import { type BenchmarkLine, mainMetric } from './benchmark-result.js';

/** One table of all benchmarks: per kind a header, its lines and its average. */
export function formatBenchmarks(lines: readonly BenchmarkLine[], models: readonly string[]): string {
  const rows: string[][] = [];
  for (const kind of ['retrieval', 'reranking'] as const) {
    const own = lines.filter((line) => line.kind === kind);
    if (own.length === 0) continue;
    const metrics = Object.keys(own[0]!.metrics[0] ?? {});
    if (rows.length > 0) rows.push([]);
    rows.push([
      kind,
      'model',
      'queries',
      ...metrics,
      ...(models.length > 1 ? [`${mainMetric[kind]} − ${oneLine(models[0]!)}`] : []),
    ]);
    for (const { name, queries, metrics: found, differences } of own)
      for (const [i, values] of found.entries()) {
        const difference = differences[i - 1];
        rows.push([
          i === 0 ? oneLine(name) : '',
          oneLine(models[i]!),
          i === 0 ? queries.toLocaleString('en') : '',
          ...metrics.map((metric) => `${values[metric]!.mean.toFixed(4)} ${formatInterval(values[metric]!)}`),
          ...(difference ? [`${signed(difference.mean)} ${formatInterval(difference)}`] : []),
        ]);
      }
  }
  const columns = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
