import type { GoldenCase } from '@rag/models';
import type { Pair } from './check-texts.js';
import type { TextEncoder } from './text-encoder.js';

/** What a model gives for pairs, as golden.json records it: the tokens of the query and then of the passage, and the score. */
export const goldenScores = (
  encoder: Pick<TextEncoder, 'encodeQuery' | 'encodePassage'>,
  pairs: readonly Pair[],
  scores: readonly number[],
): GoldenCase[] =>
  pairs.map((input, i) => ({
    input,
    input_ids: [...encoder.encodeQuery(input[0]).input_ids, ...encoder.encodePassage(input[1]).input_ids],
    output: [scores[i]!],
  }));
