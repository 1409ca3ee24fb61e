import { evaluateRanking, type RankingEvaluation } from '@rag/eval';
import type { RerankingSample } from './mteb-samples.js';

/** What MTEB reports of a reranking task (MAP first), and nDCG@10. */
export const samplesMetrics = ['map', 'mrr@10', 'ndcg@10'] as const;

/** Scores pairs of a query and a passage; higher is nearer. */
export type ScorePairs = (
  pairs: readonly { readonly query: string; readonly passage: string }[],
) => Promise<ArrayLike<number>>;

/**
 * Ranks the passages of every sample; a passage has the best score that one of the sample's queries gives it.
 * @throws Error for scores that are NaN
 */
export async function scoreSamples(
  samples: readonly RerankingSample[],
  score: ScorePairs,
): Promise<RankingEvaluation<(typeof samplesMetrics)[number]>> {
  const pairs = samples.flatMap(({ queries, positive, negative }) =>
    queries.flatMap((query) => [...positive, ...negative].map((passage) => ({ query, passage }))),
  );
  const scores = await score(pairs);
  let at = 0;
  const judged = samples.map(({ queries, positive, negative }) => {
    const count = positive.length + negative.length;
    const best = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < queries.length * count; i++) {
      const given = scores[at++]!;
      // NaN stays one: what ranks below refuses it.
      if (!(given <= best[i % count]!)) best[i % count] = given;
    }
    return { scores: best, relevance: best.map((_, i) => Number(i < positive.length)) };
  });
  return evaluateRanking(judged, samplesMetrics);
}
