import { numbersOf, ours } from './child.js';

/** Memory and time of a contrastive step. */
export interface CachedStep {
  readonly queries: number;
  /** Tokens of a chunk (GradCache); undefined where all texts are encoded at once. */
  readonly chunkTokens: number | undefined;
  readonly ms: number;
  /** Before the first step: the program, parameters and moments. */
  readonly rssBeforeMb: number;
  readonly peakRssMb: number;
}

/** The sizes of `grad-cache.ts`; every text is full. */
export interface CachedShape {
  /** Texts of a query: its positive and its negatives. */
  readonly passages: number;
  readonly tokens: number;
  readonly hidden: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly layers: number;
  readonly dropout: number;
}

export interface CachedOptions {
  readonly shape: CachedShape;
  /** Queries of a step in chunks. */
  readonly queries: number;
  /** Tokens of a chunk. */
  readonly budgets: readonly number[];
  /** Queries of steps at once. */
  readonly uncached: readonly number[];
  readonly threads: number;
  readonly runs: number;
}

/** Steps at once of more and more queries, then all queries in chunks of more and more tokens, each in a process of its own. */
export async function* compareGradCache(options: CachedOptions): AsyncGenerator<CachedStep> {
  for (const queries of options.uncached) yield await step(queries, undefined, options);
  for (const budget of options.budgets) yield await step(options.queries, budget, options);
}

async function step(
  queries: number,
  chunkTokens: number | undefined,
  { shape: { feedForward, ...shape }, threads, runs }: CachedOptions,
): Promise<CachedStep> {
  const flags = { ...shape, 'feed-forward': feedForward, queries, threads, runs, budget: chunkTokens ?? 0 };
  const report = await ours(
    'grad-cache.ts',
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
  );
  const numbers = numbersOf(report, 'ms.median', 'rss_before_mb', 'peak_rss_mb');
  return {
    queries,
    chunkTokens,
    ms: numbers['ms.median'],
    rssBeforeMb: numbers.rss_before_mb,
    peakRssMb: numbers.peak_rss_mb,
  };
}
