import type { Hits } from '@rag/eval';

/** No document yet. */
export const noHits: Hits = { documents: new Uint32Array(0), scores: new Float32Array(0) };

/**
 * The k best of earlier hits and of further documents; equal scores by ascending document, as `topK` orders them.
 * @param scores of the documents from `first` on
 * @param isFound whether a document may be a hit
 * @throws on a score that is not finite
 */
export function mergeHits(
  kept: Hits,
  scores: ArrayLike<number>,
  first: number,
  k: number,
  isFound: (document: number, score: number) => boolean = () => true,
): Hits {
  const floor = kept.documents.length < k ? Number.NEGATIVE_INFINITY : kept.scores[k - 1]!;
  const entries = Array.from(kept.documents, (document, i) => ({ document, score: kept.scores[i]! }));
  for (let i = 0; i < scores.length; i++) {
    const score = Math.fround(scores[i]!);
    if (!Number.isFinite(score))
      throw new Error(
        `document ${first + i}: expected a finite score, got ${scores[i]} — check the model's weights`,
      );
    // Later documents lose against equal scores.
    if (score > floor && isFound(first + i, score)) entries.push({ document: first + i, score });
  }
  const best = entries.sort((a, b) => b.score - a.score || a.document - b.document).slice(0, k);
  return {
    documents: Uint32Array.from(best, ({ document }) => document),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}
