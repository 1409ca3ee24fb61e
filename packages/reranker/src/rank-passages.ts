import type { EncodedIds } from '@rag/text';
import type { Ranked, RerankOptions } from './cross-encoder-options.js';
import type { PairEncoder } from './pair-encoder.js';

/** Sequences of a query with passages, and the place of the passage that each belongs to. */
export interface SlicedPassages {
  readonly sequences: readonly EncodedIds[];
  readonly passageOf: readonly number[];
}

/** One sequence per passage, or with `max-slice` as many as it takes. @throws RangeError for options out of range */
export function slicePassages(
  encoder: PairEncoder,
  query: string,
  passages: readonly string[],
  { topK = passages.length, longDocument = 'truncate', overlap = 80 }: RerankOptions,
): SlicedPassages {
  if (longDocument !== 'truncate' && longDocument !== 'max-slice')
    throw new RangeError(
      `longDocument: expected "truncate" or "max-slice", got ${JSON.stringify(longDocument)} — choose one`,
    );
  if (!Number.isInteger(topK) || topK < 0)
    throw new RangeError(`topK: expected a whole number ≥ 0, got ${topK} — leave it out to get all passages`);
  const sequences: EncodedIds[] = [];
  const passageOf: number[] = [];
  for (const [index, passage] of passages.entries())
    for (const sequence of longDocument === 'max-slice'
      ? encoder.encodeSlices(query, passage, overlap)
      : [encoder.encode(query, passage)]) {
      sequences.push(sequence);
      passageOf.push(index);
    }
  return { sequences, passageOf };
}

/** The passages by the best score of their sequences, best first; equal scores keep their order. */
export function rankPassages(
  passages: readonly string[],
  passageOf: readonly number[],
  scores: readonly number[],
  { topK = passages.length }: Pick<RerankOptions, 'topK'>,
): Ranked[] {
  const best = new Float64Array(passages.length).fill(Number.NEGATIVE_INFINITY);
  for (const [i, score] of scores.entries()) best[passageOf[i]!] = Math.max(best[passageOf[i]!]!, score);
  return passages
    .map((text, index) => ({ index, score: best[index]!, text }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, topK);
}
