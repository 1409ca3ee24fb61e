import { type EncoderConfig, longestSequence, OptionError } from '@rag/models';
import type { EncodedIds, Tokenizer } from '@rag/text';

/** Texts to token ids in the model's own template, within `maxLength` tokens, special ones included. */
export interface TextTokenizer {
  readonly maxLength: number;
  readonly padId: number;
  encode(text: string): EncodedIds;
  /** The same of each text, tokenized elsewhere: by a pool of @rag/text/node that was opened from the same files. */
  encodeBy(pool: TextsTokenizer, texts: readonly string[], signal?: AbortSignal): Promise<EncodedIds[]>;
  /** How many tokens at the start of `encode(prompt + text)` are the prompt's, the template's first ones included. */
  promptTokens(prompt: string): number;
}

/** What `openTokenizerPool` of @rag/text/node gives. */
export interface TextsTokenizer {
  encode(
    texts: readonly string[],
    options: { readonly maxLength: number; readonly signal?: AbortSignal },
  ): Promise<
    readonly { readonly input_ids: ArrayLike<number>; readonly token_type_ids: ArrayLike<number> }[]
  >;
}

/** @throws OptionError for a maxLength that the model or the template does not allow */
export function textEncoder(tokenizer: Tokenizer, config: EncoderConfig, maxLength: number): TextTokenizer {
  const longest = longestSequence(config);
  const specials = tokenizer.encode('').input_ids;
  if (!Number.isInteger(maxLength) || maxLength > longest || maxLength < specials.length + 1)
    throw new OptionError(
      'maxLength',
      `expected an integer from ${specials.length + 1} to ${longest} (the model's positions), got ${maxLength}`,
      'leave it out, or choose one of these',
    );
  // A model with one token type (RoBERTa) takes no second segment, whatever the template says.
  const typesOf = (ids: number[]): number[] => (config.type_vocab_size > 1 ? ids : ids.map(() => 0));
  return {
    maxLength,
    padId: tokenizer.padId,
    encode(text) {
      const { input_ids, token_type_ids } = tokenizer.encode(text, { maxLength });
      return { input_ids, token_type_ids: typesOf(token_type_ids) };
    },
    async encodeBy(pool, texts, signal) {
      const encoded = await pool.encode(texts, { maxLength, ...(signal && { signal }) });
      return encoded.map(({ input_ids, token_type_ids }) => ({
        input_ids: Array.from(input_ids),
        token_type_ids: typesOf(Array.from(token_type_ids)),
      }));
    },
    promptTokens(prompt) {
      const { input_ids } = tokenizer.encode(prompt);
      // A special token that closes the template stands behind the text.
      const closed = specials.length > 0 && input_ids.at(-1) === specials.at(-1);
      return input_ids.length - (closed ? 1 : 0);
    },
  };
}
