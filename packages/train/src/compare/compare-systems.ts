import {
  bootstrapMean,
  type Interval,
  type MeanInterval,
  type Outcomes,
  outcomes,
  type PairedDifference,
  pairedBootstrap,
  type ResampleOptions,
} from '@rag/eval';
import type { ComparedQuery, ComparedSystem } from './compared.js';
import { type QueryExample, queryExamples } from './query-examples.js';
import { type QuerySlice, sliceQueries } from './slice-queries.js';

/** Slices of fewer queries are marked: their intervals are wide, and too narrow for what they leave out. */
export const SMALL_SLICE = 30;

/** A system beside another on some of the queries. */
export interface SliceComparison {
  readonly axis: string;
  readonly name: string;
  readonly queries: number;
  readonly isSmall: boolean;
  /** Means of the metric that queries are judged by. */
  readonly before: number;
  readonly after: number;
  /** after − before; a single query has no interval. */
  readonly difference: number;
  readonly interval?: Interval;
}

/** A system beside the first. */
export interface SystemComparison {
  readonly before: string;
  readonly after: string;
  readonly difference: Readonly<Record<string, PairedDifference>>;
  readonly outcomes: Readonly<Record<string, Outcomes>>;
  readonly slices: readonly SliceComparison[];
  /** Queries by their difference, in 20 buckets from −1 to 1. */
  readonly distribution: readonly number[];
  /** The largest gains and losses, largest first. */
  readonly improved: readonly QueryExample[];
  readonly worsened: readonly QueryExample[];
}

/** Two or more systems on the same queries; all of it is bounded, however many queries there are. */
export interface Comparison {
  readonly queries: number;
  /** The metric of slices and examples. */
  readonly judgedBy: string;
  readonly systems: readonly {
    readonly name: string;
    readonly metrics: Readonly<Record<string, MeanInterval>>;
  }[];
  readonly comparisons: readonly SystemComparison[];
  readonly resampling: Required<ResampleOptions>;
}

export interface CompareOptions extends Partial<Pick<Required<ResampleOptions>, 'seed' | 'resamples'>> {
  /** Queries shown of each kind. @default 10 */
  readonly examples?: number;
}

const BUCKETS = 20;

/**
 * Each later system beside the first: paired bootstrap by query, wins and losses, slices, and the queries that changed most.
 * @param systems at least two, with values for all queries by the same metrics
 * @throws Error for fewer than two systems or two queries, and as `pairedBootstrap`
 */
export function compareSystems(
  queries: readonly ComparedQuery[],
  systems: readonly ComparedSystem[],
  { seed = 42, resamples = 10_000, examples = 10 }: CompareOptions = {},
): Comparison {
  const [first, ...others] = systems;
  if (first === undefined || others.length === 0)
    throw new Error(
      `compareSystems: expected at least 2 systems, got ${systems.length} — name what to compare`,
    );
  const resampling = { seed, resamples, level: 0.95 };
  const names = Object.keys(first.perQuery);
  const judgedBy = names.includes('ndcg@10') ? 'ndcg@10' : names[0]!;
  const slices = sliceQueries(queries.map(({ facets }) => facets));
  const byMetric = <T>(of: (name: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, of(name)]));
  return {
    queries: queries.length,
    judgedBy,
    systems: systems.map(({ name, perQuery }) => ({
      name,
      metrics: byMetric((metric) => bootstrapMean(perQuery[metric]!, resampling)),
    })),
    comparisons: others.map((system) => {
      const [before, after] = [first.perQuery[judgedBy]!, system.perQuery[judgedBy]!];
      const pair = { before: first, after: system };
      return {
        before: first.name,
        after: system.name,
        difference: byMetric((metric) =>
          pairedBootstrap(first.perQuery[metric]!, system.perQuery[metric]!, resampling),
        ),
        outcomes: byMetric((metric) => outcomes(first.perQuery[metric]!, system.perQuery[metric]!)),
        slices: slices.map((slice) => compareSlice(slice, before, after, resampling)),
        distribution: distributionOf(before, after),
        ...queryExamples(queries, pair, judgedBy, examples),
      };
    }),
    resampling,
  };
}

function compareSlice(
  { axis, name, queries }: QuerySlice,
  before: readonly number[],
  after: readonly number[],
  resampling: ResampleOptions,
): SliceComparison {
  const [a, b] = [queries.map((i) => before[i]!), queries.map((i) => after[i]!)];
  const [from, to] = [mean(a), mean(b)];
  const measured = { axis, name, queries: queries.length, isSmall: queries.length < SMALL_SLICE };
  const result = { ...measured, before: from, after: to, difference: to - from };
  if (queries.length < 2) return result;
  const { low, high } = pairedBootstrap(a, b, resampling);
  return { ...result, interval: { low, high } };
}

/** Counts of differences of metrics in [0, 1]; the two buckets beside 0 are of small losses and of gains from 0 on. */
function distributionOf(before: readonly number[], after: readonly number[]): number[] {
  const counts = new Array<number>(BUCKETS).fill(0);
  for (const [i, value] of after.entries()) {
    const bucket = Math.floor(((value - before[i]! + 1) / 2) * BUCKETS + 1e-9);
    counts[Math.min(BUCKETS - 1, Math.max(0, bucket))]!++;
  }
  return counts;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
