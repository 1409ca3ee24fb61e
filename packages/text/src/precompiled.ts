import { TokenizerError } from './errors.js';
import { readString } from './read-field.js';

const ADVICE = 'the charsmap is damaged; take tokenizer.json again from its source';

/** Longest grapheme, in UTF-8 bytes, that is looked up as a whole (`tokenizers` `normalizers/precompiled.rs`). */
const MAX_GRAPHEME_BYTES = 5;

/** Any character that can make a grapheme of more than one code point within those bytes. */
const MAY_JOIN = /[\p{M}\p{Cf}\p{Grapheme_Extend}\p{Emoji_Modifier}\u0e33\u0eb3\u0d4e]|\r\n/u;

/**
 * The `Precompiled` normalizer of SentencePiece models (XLM-R, bge-m3, T5): `precompiled_charsmap` is base64 of
 * u32 trie size in bytes | double-array trie of u32 units (darts-clone) | NUL-terminated UTF-8 replacements.
 * A grapheme shorter than 6 bytes, else each of its characters, is replaced by the entry of its *shortest*
 * prefix in the trie, as google/sentencepiece's port in `tokenizers` does. Throws TokenizerError when the
 * charsmap is malformed, at once or on the first text that reaches the damage, and where a text grows beyond `room` characters.
 */
export function precompiledNormalizer(
  charsmap: unknown,
  where: string,
): (text: string, room?: number) => string {
  const { units, replacements } = parseCharsmap(charsmap, where);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const known = new Map<string, string | null>();

  const unit = (at: number): number => {
    if (at >= units.length)
      throw new TokenizerError(where, `a trie node below ${units.length}`, String(at), ADVICE);
    return units[at]!;
  };

  const replacementAt = (start: number): string => {
    const end = start < replacements.length ? replacements.indexOf(0, start) : -1;
    if (start >= replacements.length)
      throw new TokenizerError(where, `an offset below ${replacements.length}`, String(start), ADVICE);
    try {
      return decoder.decode(replacements.subarray(start, end < 0 ? replacements.length : end));
    } catch (cause) {
      throw new TokenizerError(where, 'UTF-8 text', `other bytes at offset ${start}`, ADVICE, { cause });
    }
  };

  const lookUp = (bytes: Uint8Array): string | null => {
    let node = unitOffset(unit(0));
    for (const byte of bytes) {
      if (byte === 0) return null;
      node ^= byte;
      const here = unit(node);
      if ((here & 0x800000ff) >>> 0 !== byte) return null;
      node ^= unitOffset(here);
      if ((here >>> 8) & 1) return replacementAt(unit(node) & 0x7fffffff);
    }
    return null;
  };

  const ofCharacter = (char: string): string => {
    let found = known.get(char);
    if (found === undefined) {
      found = lookUp(encoder.encode(char));
      known.set(char, found);
    }
    return found ?? char;
  };

  return (text, room = Number.POSITIVE_INFINITY) => {
    let out = '';
    const check = () => {
      if (out.length > room)
        throw new TokenizerError(where, `at most ${room} characters`, 'a text that grows beyond', ADVICE);
    };
    if (!MAY_JOIN.test(text)) {
      for (const char of text) {
        out += ofCharacter(char);
        check();
      }
      return out;
    }
    for (const { segment } of graphemes.segment(text)) {
      check();
      const first = String.fromCodePoint(segment.codePointAt(0)!);
      if (first.length < segment.length && segment.length <= MAX_GRAPHEME_BYTES) {
        const bytes = encoder.encode(segment);
        const whole = bytes.length <= MAX_GRAPHEME_BYTES ? lookUp(bytes) : null;
        if (whole !== null) {
          out += whole;
          continue;
        }
      }
      for (const char of segment) out += ofCharacter(char);
    }
    return out;
  };
}

/** darts-clone: where the children of a unit start, relative to it. */
function unitOffset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function parseCharsmap(value: unknown, where: string): { units: Uint32Array; replacements: Uint8Array } {
  const base64 = readString(value, where, 1 << 24);
  let binary: string;
  try {
    binary = atob(base64);
  } catch (cause) {
    throw new TokenizerError(where, 'base64', `${base64.length} other characters`, ADVICE, { cause });
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4)
    throw new TokenizerError(
      where,
      'a trie size within the map',
      `${trieBytes} of ${bytes.length} bytes`,
      ADVICE,
    );
  const units = new Uint32Array(trieBytes / 4);
  for (let i = 0; i < units.length; i += 1) units[i] = view.getUint32(4 + 4 * i, true);
  return { units, replacements: bytes.subarray(4 + trieBytes) };
}
