import type { GoldenCase } from '@rag/models';
import type { EncodedIds } from '@rag/text';

/** What a model gives for texts, as golden.json records it: the tokens of each, and its vector. */
export const goldenVectors = (
  encoder: { encode(text: string): Pick<EncodedIds, 'input_ids'> },
  texts: readonly string[],
  vectors: readonly Float32Array[],
): GoldenCase[] =>
  texts.map((input, i) => ({
    input,
    input_ids: encoder.encode(input).input_ids,
    output: [...vectors[i]!],
  }));
