/** A query and a passage to score together. */
export interface ScorePair {
  readonly query: string;
  /** The query with its row's `prompt_for_query` in front: what embedding and ColBERT models read, and rerankers do not. */
  readonly prompted: string;
  readonly passage: string;
}

/** A model that scores pairs. */
export interface PairScorer {
  /** One score per pair, in their order. */
  score(pairs: readonly ScorePair[], control?: { readonly signal?: AbortSignal }): Promise<readonly number[]>;
}

/**
 * The scores of pairs as they are written and compared: float32 in nine digits, which name every one of them.
 * @throws RangeError for scores that are not finite or not one per pair
 */
export async function scoresOf(
  scorer: PairScorer,
  pairs: readonly ScorePair[],
  control: { readonly signal?: AbortSignal } = {},
): Promise<number[]> {
  if (pairs.length === 0) return [];
  const scores = await scorer.score(pairs, control);
  if (scores.length !== pairs.length)
    throw new RangeError(
      `scores: expected ${pairs.length}, one per pair, got ${scores.length} — check the scorer`,
    );
  return scores.map((score) => {
    if (!Number.isFinite(score))
      throw new RangeError(`score: expected a finite number, got ${score} — check the model's weights`);
    return nineDigits(score);
  });
}

/** A float32 in the fewest digits up to nine; zero without a sign. */
export const nineDigits = (value: number): number => Number(Math.fround(value).toPrecision(9)) + 0;
