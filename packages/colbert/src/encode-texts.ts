import { cellsPerRun } from '@rag/runtime';
import { checkTexts } from './check-texts.js';
import type { EncodeOptions, EncodePassagesOptions, EncodeQueriesOptions } from './colbert-options.js';
import { encodeSequences } from './encode-sequences.js';
import type { OpenedColbert } from './open-colbert.js';
import {
  type TextEncoder,
  type TextEncoderOptions,
  type TokenSequence,
  textEncoder,
} from './text-encoder.js';
import { poolTokens } from './token-pooling.js';
import { type TokenVectors, withZeroVector } from './token-vectors.js';

/** The text encoder of a model, of these lengths. @throws RangeError for lengths that the model does not allow */
export const encoderOf = (
  { tokenizer, config, settings }: Pick<OpenedColbert, 'tokenizer' | 'config' | 'settings'>,
  lengths: TextEncoderOptions = {},
): TextEncoder => textEncoder(tokenizer, config, settings, lengths);

/** The vectors of queries, in their order. @throws TypeError for what is no text, RangeError for options out of range */
export async function encodeQueries(
  model: OpenedColbert,
  texts: readonly string[],
  { maxLength, instruction = model.settings.query_instruction ?? '', ...rest }: EncodeQueriesOptions,
): Promise<TokenVectors[]> {
  const encoder = encoderOf(model, { queryLength: maxLength });
  const sequences = checkTexts('texts', texts).map((text) => encoder.encodeQuery(instruction + text));
  return vectors(model, sequences, encoder, rest);
}

/** The vectors of passages, in their order, fewer with `poolFactor`. @throws as `encodeQueries` */
export async function encodePassages(
  model: OpenedColbert,
  texts: readonly string[],
  { maxLength, poolFactor = 1, protectedTokens, ...rest }: EncodePassagesOptions,
): Promise<TokenVectors[]> {
  const encoder = encoderOf(model, { passageLength: maxLength });
  const sequences = checkTexts('texts', texts).map(encoder.encodePassage);
  const found = await vectors(model, sequences, encoder, rest);
  const kept = protectedTokens ?? (model.settings.maskSpecialTokens ? 0 : 1);
  const pooled = poolFactor === 1 ? found : found.map((tokens) => poolTokens(tokens, poolFactor, kept));
  if (!model.compat) return pooled;
  const { document_length } = encoder.settings;
  return pooled.map((tokens, i) =>
    sequences[i]!.input_ids.length < document_length ? withZeroVector(tokens) : tokens,
  );
}

const vectors = (
  { runner, provider, compat }: OpenedColbert,
  sequences: readonly TokenSequence[],
  { padId }: TextEncoder,
  { batchSize = 64, maxTokens = cellsPerRun(provider), onProgress, signal }: Omit<EncodeOptions, 'maxLength'>,
): Promise<TokenVectors[]> =>
  encodeSequences(runner, sequences, {
    padId,
    batchSize,
    maxTokens,
    // The original keeps the zero vectors of masked tokens, all but the first position's.
    ...(compat && { keep: (_: TokenSequence, column: number) => column > 0 }),
    onProgress,
    signal,
  });
