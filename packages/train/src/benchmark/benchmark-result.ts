import { type MeanInterval, macroAverage, type ResampleOptions } from '@rag/eval';

/** Whether a model searches a collection, or orders lists of passages. */
export type BenchmarkKind = 'retrieval' | 'reranking';

/** The metric that stands for a kind of benchmark: nDCG@10 as BEIR reports, MAP as MTEB does of reranking. */
export const mainMetric: Readonly<Record<BenchmarkKind, string>> = { retrieval: 'ndcg@10', reranking: 'map' };

/** What models are worth on one benchmark. */
export interface BenchmarkResult {
  readonly name: string;
  readonly kind: BenchmarkKind;
  readonly queries: number;
  /** Of a collection. */
  readonly documents?: number;
  /** One per model: values by metric, one per query. */
  readonly perQuery: readonly Readonly<Record<string, readonly number[]>>[];
}

/** A line of the table: of a benchmark, or the average of a kind. */
export interface BenchmarkLine {
  readonly name: string;
  readonly kind: BenchmarkKind;
  readonly isAverage: boolean;
  readonly queries: number;
  readonly documents?: number;
  /** One per model. */
  readonly metrics: readonly Readonly<Record<string, MeanInterval>>[];
  /** Of the main metric: each later model − the first. */
  readonly differences: readonly MeanInterval[];
}

/** Benchmarks kind by kind, each kind with its average, in which every benchmark counts once. */
export function benchmarkLines(
  results: readonly BenchmarkResult[],
  options: ResampleOptions = {},
): BenchmarkLine[] {
  return (['retrieval', 'reranking'] as const).flatMap((kind) => {
    const own = results.filter((result) => result.kind === kind);
    if (own.length === 0) return [];
    const line = (name: string, of: readonly BenchmarkResult[], isAverage: boolean): BenchmarkLine => {
      const [first] = of as [BenchmarkResult];
      const names = Object.keys(first.perQuery[0] ?? {});
      const main = mainMetric[kind];
      return {
        ...{ name, kind, isAverage },
        queries: of.reduce((sum, { queries }) => sum + queries, 0),
        ...(!isAverage && first.documents !== undefined && { documents: first.documents }),
        metrics: first.perQuery.map((_, model) =>
          Object.fromEntries(
            names.map((metric) => [
              metric,
              macroAverage(
                of.map(({ perQuery }) => perQuery[model]![metric]!),
                options,
              ),
            ]),
          ),
        ),
        differences: first.perQuery.slice(1).map((_, model) =>
          macroAverage(
            of.map(({ perQuery }) => {
              const [before, after] = [perQuery[0]![main]!, perQuery[model + 1]![main]!];
              return after.map((value, i) => value - before[i]!);
            }),
            options,
          ),
        ),
      };
    };
    return [
      ...own.map((result) => line(result.name, [result], false)),
      line(`average of ${own.length}`, own, true),
    ];
  });
}
