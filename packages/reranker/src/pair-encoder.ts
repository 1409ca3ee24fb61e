import type { EncoderConfig } from '@rag/models';
import type { EncodedIds, Tokenizer } from '@rag/text';

/** A query and a passage. */
export type Pair = readonly [query: string, passage: string];

/** The most tokens that a model takes in one sequence: its position table, less what RoBERTa leaves unused. */
export function longestSequence({
  model_type,
  max_position_embeddings,
  pad_token_id,
}: EncoderConfig): number {
  return model_type === 'bert' ? max_position_embeddings : max_position_embeddings - (pad_token_id ?? 1) - 1;
}

/** Texts to token ids in the model's own pair template, within `maxLength` tokens, special ones included. */
export interface PairEncoder {
  readonly maxLength: number;
  readonly padId: number;
  encode(query: string, passage: string): EncodedIds;
  /**
   * The passage in as many pairs as it takes, each with the whole query; neighbours share `overlap` pieces. A passage
   * that fits is one pair.
   */
  encodeSlices(query: string, passage: string, overlap: number): EncodedIds[];
}

/** @throws RangeError for a maxLength that the model or the template does not allow */
export function pairEncoder(tokenizer: Tokenizer, config: EncoderConfig, maxLength: number): PairEncoder {
  const longest = longestSequence(config);
  if (!Number.isInteger(maxLength) || maxLength > longest || maxLength < tokenizer.pairSpecialCount + 2)
    throw new RangeError(
      `maxLength: expected an integer from ${tokenizer.pairSpecialCount + 2} to ${longest} (the model's positions), got ${maxLength}`,
    );
  // A model with one token type (RoBERTa) takes no second segment, whatever the template says.
  const fit = (encoded: EncodedIds): EncodedIds =>
    config.type_vocab_size > 1
      ? encoded
      : { input_ids: encoded.input_ids, token_type_ids: encoded.token_type_ids.map(() => 0) };
  return {
    maxLength,
    padId: tokenizer.padId,
    encode: (query, passage) => fit(tokenizer.encodePair(query.trim(), passage.trim(), { maxLength })),
    encodeSlices(query, passage, overlap) {
      const room = maxLength - tokenizer.pairSpecialCount;
      const passageIds = tokenizer.encodePieces(passage.trim());
      // As `only_second`: a query that leaves the passage no room is cut to three quarters.
      const whole = tokenizer.encodePieces(query.trim());
      const queryIds = whole.length < room ? whole : whole.slice(0, Math.ceil((room * 3) / 4));
      const width = room - queryIds.length;
      if (passageIds.length <= width) return [fit(tokenizer.buildPair(queryIds, passageIds))];
      const step = Math.max(1, width - Math.min(overlap, width - 1));
      const slices: EncodedIds[] = [];
      for (let start = 0; ; start += step) {
        slices.push(fit(tokenizer.buildPair(queryIds, passageIds.slice(start, start + width))));
        if (start + width >= passageIds.length) return slices;
      }
    },
  };
}
