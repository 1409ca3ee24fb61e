import { bm25, evaluateRanking, type MetricName } from '@rag/eval';
import type { JudgedPassages } from '../recipes/judged-queries.js';
import { type CompareOptions, type Comparison, compareSystems } from './compare-systems.js';
import type { ComparedQuery, FirstFound } from './compared.js';
import { textFacets } from './facets.js';

/** A system's scores of all candidates, [query][candidate]. */
export interface CandidateScores {
  readonly name: string;
  readonly scores: readonly (readonly number[])[];
}

/**
 * Systems that ranked the same lists of candidates; equal scores count with their expected value.
 * @throws Error for scores that are NaN, and as `compareSystems`
 */
export function compareCandidates(
  queries: readonly JudgedPassages[],
  systems: readonly CandidateScores[],
  metrics: readonly MetricName[],
  options?: CompareOptions,
): Comparison {
  return compareSystems(
    candidateQueries(queries),
    systems.map(({ name, scores }) => {
      const judged = queries.map(({ relevance }, i) => ({ relevance, scores: scores[i]! }));
      const { perQuery } = evaluateRanking(judged, metrics);
      return { name, perQuery, found: queries.map((query, i) => firstFound(query, scores[i]!)) };
    }),
    options,
  );
}

function candidateQueries(queries: readonly JudgedPassages[]): ComparedQuery[] {
  const words = bm25([...new Set(queries.flatMap(({ passages }) => passages))]);
  const places = queries.map(({ relevance }) => relevance.findIndex((grade) => grade > 0) + 1);
  // Lists that begin with their relevant passages were written so: their order tells nothing.
  const isOrdered = places.some((place) => place > 1);
  return queries.map((judged, i) => {
    const { query, passages, relevance } = judged;
    const relevant = passages[places[i]! - 1];
    const scores = passages.map((passage) => words.score(query, passage));
    const best = bestRelevant(relevance, scores);
    const wordRank = scores[best]! > 0 ? Math.round(rankOf(relevance, scores)) : Number.POSITIVE_INFINITY;
    return {
      id: String(i + 1),
      text: query,
      ...(relevant !== undefined && { relevant }),
      facets: {
        ...textFacets(query, relevant),
        ...(isOrdered && { place: places[i]! }),
        wordRank,
      },
    };
  });
}

function firstFound({ passages, relevance }: JudgedPassages, scores: readonly number[]): FirstFound {
  let top = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[top]!) top = i;
  return { rank: rankOf(relevance, scores), top: passages[top]!, topIsRelevant: relevance[top]! > 0 };
}

function bestRelevant(relevance: readonly number[], scores: readonly number[]): number {
  let best = -1;
  for (const [i, grade] of relevance.entries())
    if (grade > 0 && (best < 0 || scores[i]! > scores[best]!)) best = i;
  return best;
}

/** Of the best relevant candidate, halfway among those that are not relevant and score as much. */
function rankOf(relevance: readonly number[], scores: readonly number[]): number {
  const best = scores[bestRelevant(relevance, scores)]!;
  let [above, tied] = [0, 0];
  for (const [i, score] of scores.entries()) {
    if (score > best) above++;
    else if (score === best && !(relevance[i]! > 0)) tied++;
  }
  return above + 1 + tied / 2;
}
