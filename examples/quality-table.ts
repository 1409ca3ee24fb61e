interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Metrics of a system by their names, each a mean over queries with its 95 % interval. */
export type Quality = Readonly<Record<'mrr@10' | 'ndcg@10', MeanInterval>>;

/** Prints a line per system. */
export function printQuality(title: string, systems: Readonly<Record<string, Quality>>): void {
  const cell = ({ mean, low, high }: MeanInterval) =>
    `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const rows = Object.entries(systems).map(([name, metrics]) => [
    name,
    { 'MRR@10': cell(metrics['mrr@10']), 'nDCG@10': cell(metrics['ndcg@10']) },
  ]);
  console.log(`\n${title}; 95 % intervals`);
  console.table(Object.fromEntries(rows));
}

/** Prints a query with the passages that were found for it, best first. */
export function printFound(
  query: string,
  found: readonly { readonly score: number; readonly text: string }[],
): void {
  console.log(`\n${query}`);
  for (const { score, text } of found)
    console.log(`  ${score.toFixed(2).padStart(6)}  ${text.slice(0, 100)}…`);
}
