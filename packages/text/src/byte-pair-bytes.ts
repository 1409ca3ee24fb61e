import type { JsonObject } from './read-field.js';

/** The words of GPT-2, openai/gpt-2 `encoder.py`: what a `ByteLevel` pre-tokenizer with `use_regex` cuts at. */
export const GPT2_WORDS =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * The character that stands for each byte in the pieces of a byte-level vocabulary, openai/gpt-2 `encoder.py`
 * `bytes_to_unicode`: printable Latin-1 stands for itself, the others for U+0100 and on, in turn.
 */
export const byteCharacters: readonly string[] = (() => {
  let other = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    return String.fromCharCode(prints ? byte : other++);
  });
})();

/**
 * A pre-tokenizer that cuts the same words as `preTokenizer`, but leaves them as text, where that one's last step is `ByteLevel`
 * and `model` is a BPE that can read the UTF-8 bytes of words by itself; otherwise undefined. Spelling each byte as a character
 * first would cost more than the merges.
 */
export function wordsBeforeBytes(preTokenizer: unknown, model: unknown): unknown {
  const bpe = asObject(model);
  if (bpe === undefined || !('merges' in bpe) || (bpe.type ?? 'BPE') !== 'BPE') return undefined;
  // These look at the characters of a word as they are spelt.
  if (bpe.byte_fallback || bpe.continuing_subword_prefix || bpe.end_of_word_suffix) return undefined;
  return replaceLast(preTokenizer, 0);
}

/** The entry with its last step replaced, if that is `ByteLevel`. */
function replaceLast(value: unknown, depth: number): unknown {
  const entry = asObject(value);
  if (entry?.type === 'Sequence' && Array.isArray(entry.pretokenizers) && depth < 8) {
    const steps: readonly unknown[] = entry.pretokenizers;
    const last = replaceLast(steps.at(-1), depth + 1);
    return last === undefined ? undefined : { ...entry, pretokenizers: [...steps.slice(0, -1), last] };
  }
  if (entry?.type !== 'ByteLevel') return undefined;
  const { add_prefix_space = true, use_regex = true } = entry;
  // Anything else is for the reader of the entry itself to refuse.
  if (typeof add_prefix_space !== 'boolean' || typeof use_regex !== 'boolean') return undefined;
  // A space for a space: what is left of Metaspace is the space before a text that has none.
  const prefix = { type: 'Metaspace', replacement: ' ', prepend_scheme: 'always', split: false };
  const words = { type: 'Split', pattern: { Regex: GPT2_WORDS }, behavior: 'Isolated', invert: false };
  return {
    type: 'Sequence',
    pretokenizers: [...(add_prefix_space ? [prefix] : []), ...(use_regex ? [words] : [])],
  };
}

const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
