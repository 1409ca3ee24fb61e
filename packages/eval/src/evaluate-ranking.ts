import { type MetricName, metricNamed } from './metric.js';
import { type JudgedQuery, type Ranking, rank } from './ranking.js';

/** What a query without any relevant passage does: stop the evaluation, or be left out and listed. */
export type WithoutPositive = 'error' | 'leave-out';

/** Metrics of one system over a set of queries. */
export interface RankingEvaluation<Name extends MetricName = MetricName> {
  /** Mean over the evaluated queries. */
  means: Record<Name, number>;
  /** One value per evaluated query, in the order given: what `pairedBootstrap` compares. */
  perQuery: Record<Name, number[]>;
  /** Queries that were evaluated. */
  queries: number;
  /** Positions of queries left out because nothing in them is relevant. */
  leftOut: number[];
}

/**
 * Evaluates a system's scores by ranking metrics; ties count by their expected value (see `rank`).
 *
 * A query without a positive has no defined recall, MAP or nDCG, and trec_eval's habit of counting it as 0 hides
 * faulty data: it is an error unless `withoutPositive: 'leave-out'` says otherwise, and then it is listed.
 *
 * @param metrics names such as `mrr@10`, `ndcg@10`, `map`
 * @throws when the input is malformed (see `rank`), a metric is unknown, or no query is left
 */
export function evaluateRanking<const Name extends MetricName>(
  queries: readonly JudgedQuery[],
  metrics: readonly Name[],
  options: { withoutPositive?: WithoutPositive } = {},
): RankingEvaluation<Name> {
  const { rankings, leftOut } = rankAll(queries, options.withoutPositive ?? 'error');
  const perQuery = {} as Record<Name, number[]>;
  const means = {} as Record<Name, number>;
  for (const name of metrics) {
    perQuery[name] = rankings.map(metricNamed(name));
    means[name] = perQuery[name].reduce((sum, value) => sum + value, 0) / rankings.length;
  }
  return { means, perQuery, queries: rankings.length, leftOut };
}

/** Ranks every query and sorts out those without a positive. */
function rankAll(
  queries: readonly JudgedQuery[],
  withoutPositive: WithoutPositive,
): { rankings: Ranking[]; leftOut: number[] } {
  const rankings: Ranking[] = [];
  const leftOut: number[] = [];
  for (const [i, query] of queries.entries()) {
    const ranking = rank(query, `queries[${i}]`);
    if (ranking.relevant > 0) {
      rankings.push(ranking);
    } else if (withoutPositive === 'leave-out') {
      leftOut.push(i);
    } else {
      throw new Error(
        `queries[${i}]: expected at least one relevance grade above 0, got none — remove the query or pass withoutPositive: 'leave-out'`,
      );
    }
  }
  if (rankings.length === 0) {
    throw new Error(
      `evaluateRanking: expected at least one query with a relevant passage, got ${queries.length} queries and none — check the labels`,
    );
  }
  return { rankings, leftOut };
}
