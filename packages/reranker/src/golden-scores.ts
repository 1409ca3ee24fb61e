import type { GoldenCase } from '@rag/models';
import type { Pair, PairEncoder } from './pair-encoder.js';

/** What a model gives for pairs, as golden.json records it: the tokens of each, and its score. */
export const goldenScores = (
  encoder: Pick<PairEncoder, 'encode'>,
  pairs: readonly Pair[],
  scores: readonly number[],
): GoldenCase[] =>
  pairs.map((input, i) => ({
    input,
    input_ids: encoder.encode(...input).input_ids,
    output: [scores[i]!],
  }));
