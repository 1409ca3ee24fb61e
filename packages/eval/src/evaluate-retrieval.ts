import { type MetricName, metricNamed } from './metric.js';
import { type Ranking, rank, rankInOrder } from './ranking.js';
import { type Qrels, type Run, trecOrder } from './run.js';

export interface RetrievalOptions {
  /**
   * Equal scores: `trec_eval` (default) orders them by descending document id, as published numbers do; `expected`
   * takes the mean over their orders, as `evaluateRanking` does.
   */
  ties?: 'trec_eval' | 'expected';
  /**
   * Returned documents without a judgement: `not-relevant` (default) keeps their ranks, `leave-out` condenses the
   * ranking to documents of grade ≥ 0 (`trec_eval -J`).
   */
  unjudged?: 'not-relevant' | 'leave-out';
  /** Judged queries that the run lacks: `zero` (default, `trec_eval -c`) or `leave-out` (trec_eval 9 without it). */
  withoutResults?: 'zero' | 'leave-out';
  /** Judged queries of which no document is relevant: `leave-out` (default) or `zero` (`trec_eval`). */
  withoutRelevant?: 'leave-out' | 'zero';
  /** Drops the returned document whose id is the query's, as BEIR does for ArguAna and Quora; default false. */
  leaveOutSameId?: boolean;
}

/** Metrics of one run over a set of judged queries; whatever was left out is listed. */
export interface RetrievalEvaluation<Name extends MetricName = MetricName> {
  /** Mean over the evaluated queries. */
  means: Record<Name, number>;
  /** One value per evaluated query: what `bootstrapMean` and `compareRetrieval` resample. */
  perQuery: Record<Name, number[]>;
  /** Ids of the evaluated queries, in the order of the qrels. */
  queryIds: string[];
  /** Queries of the run that have no judgement: never evaluated. */
  unjudgedQueries: string[];
  /** Judged queries that the run lacks or has no documents for. */
  withoutResults: string[];
  /** Judged queries without any relevant document. */
  withoutRelevant: string[];
}

/**
 * Evaluates a run by qrels with the metrics of this package; numbers are trec_eval's where both count the same queries
 * (`withoutResults`, `withoutRelevant`). Relevant documents that were not returned count in recall, MAP and ideal DCG.
 *
 * @param metrics names such as `ndcg@10`, `recall@100`
 * @throws on NaN scores, grades that are not finite, unknown metrics, or when no query is left
 */
export function evaluateRetrieval<const Name extends MetricName>(
  run: Run,
  qrels: Qrels,
  metrics: readonly Name[],
  options: RetrievalOptions = {},
): RetrievalEvaluation<Name> {
  const { withoutResults: noResults = 'zero', withoutRelevant: noRelevant = 'leave-out' } = options;
  const rankings: Ranking[] = [];
  const queryIds: string[] = [];
  const withoutResults: string[] = [];
  const withoutRelevant: string[] = [];
  for (const [queryId, grades] of qrels) {
    const returned = run.get(queryId) ?? new Map<string, number>();
    const ranking = rankReturned(queryId, returned, grades, options);
    if (returned.size === 0) withoutResults.push(queryId);
    if (ranking.relevant === 0) withoutRelevant.push(queryId);
    if (returned.size === 0 && noResults === 'leave-out') continue;
    if (ranking.relevant === 0 && noRelevant === 'leave-out') continue;
    rankings.push(ranking);
    queryIds.push(queryId);
  }
  if (rankings.length === 0) {
    throw new Error(
      `evaluateRetrieval: expected at least one query to evaluate, got ${qrels.size} judged queries, ${withoutResults.length} without results and ${withoutRelevant.length} without a relevant document — check that run and qrels name queries alike`,
    );
  }
  const perQuery = {} as Record<Name, number[]>;
  const means = {} as Record<Name, number>;
  for (const name of metrics) {
    perQuery[name] = rankings.map(metricNamed(name));
    means[name] = perQuery[name].reduce((sum, value) => sum + value, 0) / rankings.length;
  }
  const unjudgedQueries = [...run.keys()].filter((queryId) => !qrels.has(queryId));
  return { means, perQuery, queryIds, unjudgedQueries, withoutResults, withoutRelevant };
}

/** The judged ranking of one query's returned documents. */
function rankReturned(
  queryId: string,
  returned: ReadonlyMap<string, number>,
  grades: ReadonlyMap<string, number>,
  { ties = 'trec_eval', unjudged = 'not-relevant', leaveOutSameId = false }: RetrievalOptions,
): Ranking {
  const where = `query "${queryId}"`;
  const kept = new Map<string, number>();
  for (const [document, score] of returned) {
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new Error(
        `${where}: document "${document}" expected a score, got ${score} — a model that diverged cannot be ranked`,
      );
    }
    if (leaveOutSameId && document === queryId) continue;
    if (unjudged === 'leave-out' && !(grades.get(document)! >= 0)) continue;
    kept.set(document, score);
  }
  const gradeOf = (document: string): number => readGrade(where, document, grades.get(document) ?? 0);
  const missing = [...grades.keys()].filter((document) => !kept.has(document)).map(gradeOf);
  if (ties === 'trec_eval' || kept.size === 0) {
    return rankInOrder(
      trecOrder(kept).map(([document]) => gradeOf(document)),
      missing,
    );
  }
  const relevance = [...kept.keys()].map(gradeOf);
  return rank({ scores: [...kept.values()], relevance, missing }, where);
}

/** Grades ≤ 0 are not relevant and gain nothing, as in trec_eval. */
function readGrade(where: string, document: string, grade: number): number {
  if (typeof grade !== 'number' || !Number.isFinite(grade)) {
    throw new Error(
      `${where}: document "${document}" expected a finite grade, got ${grade} — use 0 for not relevant`,
    );
  }
  return Math.max(0, grade);
}
