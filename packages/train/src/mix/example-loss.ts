import type { ColBERT, TokenVectors } from '@rag/colbert';
import type { JudgedPassages } from '../recipes/judged-queries.js';
import type { RetrievalRows } from '../recipes/retrieval-rows.js';
import { type Choice, softmaxLoss } from './softmax-loss.js';

/** Scores of every passage for a query, by the query's place. */
export type Scores = (query: number) => ArrayLike<number>;

/** Divides similarities, as LM-Cocktail's loss of an embedding model does. */
export const SEARCH_TEMPERATURE = 0.05;

/**
 * A retriever's loss on example rows: each positive of each query against every passage of the rows but the query's other
 * positives. LM-Cocktail takes batches of two rows and seven negatives drawn at random; this is one batch, and nothing is drawn.
 * @throws RangeError as `softmaxLoss`
 */
export function searchLoss({ qrels }: Pick<RetrievalRows, 'qrels'>, scores: Scores): number {
  function* choices(): Generator<Choice> {
    for (const [query, grades] of qrels) {
      const leftOut = new Set([...grades.keys()].map(Number));
      const row = scores(Number(query));
      if (row.length > leftOut.size) for (const target of leftOut) yield { scores: row, target, leftOut };
    }
  }
  return softmaxLoss(choices(), SEARCH_TEMPERATURE);
}

/**
 * A reranker's loss on example rows: each relevant passage against the less relevant ones of its query, over logits undivided, as
 * FlagEmbedding trains rerankers. Queries whose passages are all alike say nothing and are left out.
 * @throws RangeError as `softmaxLoss`
 */
export async function rankingLoss(
  queries: readonly JudgedPassages[],
  score: (pairs: readonly (readonly [string, string])[]) => Promise<readonly number[]>,
): Promise<number> {
  const telling = queries.filter(({ relevance }) => relevance.some((grade) => grade !== relevance[0]));
  const scores = await score(
    telling.flatMap(({ query, passages }) => passages.map((passage) => [query, passage] as const)),
  );
  let at = 0;
  const choices = telling.flatMap(({ relevance }): Choice[] => {
    const own = scores.slice(at, at + relevance.length);
    at += relevance.length;
    return relevance.flatMap((grade, target) => {
      const leftOut = new Set([...relevance.keys()].filter((i) => relevance[i]! >= grade));
      return grade > 0 && leftOut.size < relevance.length ? [{ scores: own, target, leftOut }] : [];
    });
  });
  return softmaxLoss(choices, 1);
}

/** Cosines of vectors; NaN for a vector of zeros, which the loss refuses. */
export function cosineScores(queries: readonly Float32Array[], passages: readonly Float32Array[]): Scores {
  const unit = (vector: Float32Array): Float64Array => {
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    return Float64Array.from(vector, (value) => value / norm);
  };
  const [asked, found] = [queries.map(unit), passages.map(unit)];
  return (query) =>
    found.map((passage) => passage.reduce((sum, value, i) => sum + value * asked[query]![i]!, 0));
}

/** MaxSim divided by the query's tokens, whether the model divides or not: within [−1, 1] as cosines are. */
export async function colbertScores(
  model: Pick<ColBERT, 'scoreVectors' | 'settings'>,
  queries: readonly TokenVectors[],
  passages: readonly TokenVectors[],
): Promise<Scores> {
  const scores = await model.scoreVectors(queries, passages);
  const width = passages.length;
  return (query) => {
    const tokens = model.settings.divideByQueryLength ? 1 : Math.max(queries[query]!.tokens, 1);
    return scores.subarray(query * width, (query + 1) * width).map((score) => score / tokens);
  };
}
