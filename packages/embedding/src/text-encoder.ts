import { type EncoderConfig, longestSequence, OptionError } from '@rag/models';
import type { EncodedIds, Tokenizer } from '@rag/text';

/** Texts to token ids in the model's own template, within `maxLength` tokens, special ones included. */
export interface TextTokenizer {
  readonly maxLength: number;
  readonly padId: number;
  encode(text: string): EncodedIds;
  /** How many tokens at the start of `encode(prompt + text)` are the prompt's, the template's first ones included. */
  promptTokens(prompt: string): number;
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
  return {
    maxLength,
    padId: tokenizer.padId,
    encode(text) {
      const { input_ids, token_type_ids } = tokenizer.encode(text, { maxLength });
      // A model with one token type (RoBERTa) takes no second segment, whatever the template says.
      return {
        input_ids,
        token_type_ids: config.type_vocab_size > 1 ? token_type_ids : token_type_ids.map(() => 0),
      };
    },
    promptTokens(prompt) {
      const { input_ids } = tokenizer.encode(prompt);
      // A special token that closes the template stands behind the text.
      const closed = specials.length > 0 && input_ids.at(-1) === specials.at(-1);
      return input_ids.length - (closed ? 1 : 0);
    },
  };
}
