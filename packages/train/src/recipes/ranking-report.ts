import {
  bm25,
  bootstrapMean,
  type Chance,
  chance,
  evaluateRanking,
  type MeanInterval,
  type PairedDifference,
  pairedBootstrap,
  type RankingEvaluation,
} from '@rag/eval';
import type { CrossEncoder, ScoreOptions } from '@rag/reranker';
import type { JudgedPassages } from './judged-queries.js';

/** What rerankers are judged by. */
export const rankingMetrics = ['mrr@10', 'ndcg@10', 'map'] as const;
export type RankingMetric = (typeof rankingMetrics)[number];
type PerMetric<T> = Readonly<Record<RankingMetric, T>>;

/** A system's metrics over the queries, with bootstrap intervals. */
export interface RankingReport {
  readonly metrics: PerMetric<MeanInterval>;
  /** For comparisons: one value per query. */
  readonly perQuery: PerMetric<readonly number[]>;
  /** Of every candidate, [query][candidate]. */
  readonly scores: readonly (readonly number[])[];
}

/** Scores every candidate of every query by the model. */
export async function reportModel(
  model: CrossEncoder,
  queries: readonly JudgedPassages[],
  options: ScoreOptions,
): Promise<RankingReport> {
  const pairs = queries.flatMap(({ query, passages }) =>
    passages.map((passage) => [query, passage] as const),
  );
  const scores = await model.computeScore(pairs, options);
  let at = 0;
  return reportScores(
    queries,
    queries.map(({ passages }) => {
      at += passages.length;
      return scores.slice(at - passages.length, at);
    }),
  );
}

/** Scores every candidate by BM25 over all candidates of the file. */
export function reportBm25(queries: readonly JudgedPassages[]): RankingReport {
  const words = bm25([...new Set(queries.flatMap(({ passages }) => passages))]);
  return reportScores(
    queries,
    queries.map(({ query, passages }) => passages.map((passage) => words.score(query, passage))),
  );
}

/** What random order gives. */
export function chanceOf(queries: readonly JudgedPassages[]): PerMetric<Chance> {
  return chance(queries, rankingMetrics);
}

/** How much better `after` is than `before`, query by query. */
export function compareReports(before: RankingReport, after: RankingReport): PerMetric<PairedDifference> {
  return perMetric((name) => pairedBootstrap(before.perQuery[name], after.perQuery[name]));
}

/** A report's metrics from scores, [query][candidate]. */
export function reportScores(
  queries: readonly JudgedPassages[],
  scores: readonly (readonly number[])[],
): RankingReport {
  const { perQuery }: RankingEvaluation<RankingMetric> = evaluateRanking(
    queries.map(({ relevance }, i) => ({ relevance, scores: scores[i]! })),
    rankingMetrics,
  );
  return { perQuery, scores, metrics: perMetric((name) => bootstrapMean(perQuery[name])) };
}

const perMetric = <T>(value: (name: RankingMetric) => T): PerMetric<T> =>
  Object.fromEntries(rankingMetrics.map((name) => [name, value(name)])) as PerMetric<T>;
