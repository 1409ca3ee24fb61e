import { checkTexts } from './check-texts.js';
import type { Ranked, RerankOptions } from './colbert-options.js';
import { type LateInteraction, scorePairs } from './score-pairs.js';

/** The passages from the best to the worst score, equal ones in the given order. @throws TypeError for what is no text, RangeError for `topK` */
export async function rankPassages(
  model: LateInteraction,
  query: string,
  passages: readonly string[],
  options: RerankOptions,
): Promise<Ranked[]> {
  const { topK = passages.length, ...rest } = options;
  if (!Number.isInteger(topK) || topK < 0)
    throw new RangeError(`topK: expected a whole number ≥ 0, got ${topK} — leave it out to get all passages`);
  checkTexts('query', [query]);
  const pairs = checkTexts('passages', passages).map((passage) => [query, passage] as const);
  const scores = await scorePairs(model, pairs, rest);
  return passages
    .map((text, index) => ({ index, score: scores[index]!, text }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, topK);
}
