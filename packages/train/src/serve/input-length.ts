import { invalid } from './serve-error.js';

/** Characters per token beyond which a text is cut before it is tokenized, as Text Embeddings Inference does (core/src/tokenization.rs). */
const CHARACTERS_PER_TOKEN = 250;

/**
 * A text of so many characters that its tokenizing takes bounded time: cut where it may be truncated, else refused.
 * @param where names the field
 */
export function withinCharacters(
  where: string,
  text: string,
  { maxTokens, truncate }: { readonly maxTokens: number; readonly truncate: boolean },
): string {
  const most = maxTokens * CHARACTERS_PER_TOKEN;
  if (text.length <= most) return text;
  if (!truncate) throw invalid(where, `expected at most ${most} characters, got ${text.length}`);
  return text.slice(0, most);
}

/** The refusal of a text that would lose tokens. */
export const tooLong = (where: string, maxTokens: number) =>
  invalid(
    where,
    `expected at most ${maxTokens} tokens, got more — shorten it, or let it be cut: truncate: true`,
  );
