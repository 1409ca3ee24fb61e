import { type EncoderConfig, longestSequence, OptionError } from '@rag/models';
import { type EncodedIds, type Tokenizer, truncatePair } from '@rag/text';

/** A query and a passage. */
export type Pair = readonly [query: string, passage: string];

/** Most tokens of each text, cut before the pair is: FlagEmbedding's trainers have such lengths. */
export interface TextCuts {
  readonly query: number;
  readonly passage: number;
}

/** Texts to token ids in the model's own pair template, within `maxLength` tokens, special ones included. */
export interface PairEncoder {
  readonly maxLength: number;
  readonly padId: number;
  encode(query: string, passage: string): EncodedIds;
  /** Whether `encode` takes the pair whole. */
  fits(query: string, passage: string): boolean;
  /**
   * The passage in as many pairs as it takes, each with the same query; a passage that fits is the one pair of `encode`.
   * Neighbouring slices share `overlap` tokens, but at most half a slice; a query keeps at most three quarters of a
   * sequence. So the number of pairs is bounded by the passage's tokens, whatever the query.
   * @throws RangeError for an overlap that is no whole number ≥ 0
   */
  encodeSlices(query: string, passage: string, overlap: number): EncodedIds[];
}

/** Tokens of a query that shares `room` of them with slices of a passage: three quarters, as `truncatePair`, and one left at least. */
export const longestQuery = (room: number): number => room - Math.max(1, Math.floor(room / 4));

/** @throws OptionError for a maxLength that the model or the template does not allow */
export function pairEncoder(
  tokenizer: Tokenizer,
  config: EncoderConfig,
  maxLength: number,
  cuts?: TextCuts,
): PairEncoder {
  const longest = longestSequence(config);
  if (!Number.isInteger(maxLength) || maxLength > longest || maxLength < tokenizer.pairSpecialCount + 2)
    throw new OptionError(
      'maxLength',
      `expected an integer from ${tokenizer.pairSpecialCount + 2} to ${longest} (the model's positions), got ${maxLength}`,
      'leave it out, or choose one of these',
    );
  // A model with one token type (RoBERTa) takes no second segment, whatever the template says.
  const fit = (encoded: EncodedIds): EncodedIds =>
    config.type_vocab_size > 1
      ? encoded
      : { input_ids: encoded.input_ids, token_type_ids: encoded.token_type_ids.map(() => 0) };
  return {
    maxLength,
    padId: tokenizer.padId,
    encode(query, passage) {
      if (!cuts) return fit(tokenizer.encodePair(query.trim(), passage.trim(), { maxLength }));
      const queryIds = tokenizer.encodePieces(query.trim()).slice(0, cuts.query);
      const passageIds = tokenizer.encodePieces(passage.trim()).slice(0, cuts.passage);
      const keep = truncatePair(queryIds.length, passageIds.length, maxLength - tokenizer.pairSpecialCount);
      return fit(tokenizer.buildPair(queryIds.slice(0, keep.query), passageIds.slice(0, keep.passage)));
    },
    fits: (query, passage) =>
      tokenizer.encodePieces(query.trim()).length + tokenizer.encodePieces(passage.trim()).length <=
      maxLength - tokenizer.pairSpecialCount,
    encodeSlices(query, passage, overlap) {
      if (!Number.isInteger(overlap) || overlap < 0)
        throw new RangeError(`overlap: expected a whole number of tokens ≥ 0, got ${overlap}`);
      const room = maxLength - tokenizer.pairSpecialCount;
      const queryIds = tokenizer.encodePieces(query.trim());
      const passageIds = tokenizer.encodePieces(passage.trim());
      const keep = truncatePair(queryIds.length, passageIds.length, room);
      const pair = (query: number[], passage: number[]) => fit(tokenizer.buildPair(query, passage));
      if (keep.passage === passageIds.length) return [pair(queryIds.slice(0, keep.query), passageIds)];
      const first = queryIds.slice(0, longestQuery(room));
      const width = room - first.length;
      const step = width - Math.min(overlap, Math.floor(width / 2));
      const slices: EncodedIds[] = [];
      for (let start = 0; ; start += step) {
        slices.push(pair(first, passageIds.slice(start, start + width)));
        if (start + width >= passageIds.length) return slices;
      }
    },
  };
}
