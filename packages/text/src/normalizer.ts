import { byteCharacters } from './byte-pair-bytes.js';
import { TokenizerError } from './errors.js';
import { compilePattern, type Pattern } from './pattern.js';
import { precompiledNormalizer } from './precompiled.js';
import { describe, type JsonObject, readArray, readBoolean, readObject, readString } from './read-field.js';
import { accentClass, cjkClass, nonspacingMarkClass, otherClass, whitespaceClass } from './unicode.js';
import { classBody, unicodeForm } from './unicode-form.js';

/** Maps a well-formed text to the text that is split into words. */
export type Normalizer = (text: string) => string;

const CONTROL = new RegExp(`[${otherClass}]`, 'gu');
const WHITESPACE = new RegExp(`[${whitespaceClass}]`, 'g');
const CJK = new RegExp(`[${cjkClass}]`, 'gu');
const NONSPACING_MARKS = new RegExp(`[${nonspacingMarkClass}]`, 'gu');
const ACCENTS = new RegExp(`[${accentClass}]`, 'gu');
// google/sentencepiece `builder.cc`, the rules of nmt_nfkc, as `tokenizers` `normalizers/unicode.rs` has them.
const NMT_REMOVED = new RegExp(`[${classBody('1-8 b e-1f 7f 8f 9f')}]`, 'gu');
const NMT_SPACE = new RegExp(`[${classBody('9-a c-d 1680 200b-200f 2028-2029 2581 feff fffd')}]`, 'gu');
const LEADING_WHITESPACE = new RegExp(`^[${whitespaceClass}]+`);
const TRAILING_WHITESPACE = new RegExp(`(?<![${whitespaceClass}])[${whitespaceClass}]+$`);

/** A text becomes at most so many times as long, and this much longer; NFKC makes 18 characters of one. */
const MOST_GROWTH = 64;
const ROOM = 1 << 16;

/** One step: a text of at most `room` characters. */
type Step = (text: string, room: number) => string;

/**
 * The normalizer that a tokenizer.json `normalizer` entry describes (`null`: the identity), equal to Python's
 * `tokenizers` character by character. Throws TokenizerError for a type that is not implemented, and for a text that becomes
 * more than 64 times as long, which a few replacements could do without end.
 */
export function createNormalizer(config: unknown, where = 'tokenizer.json normalizer'): Normalizer {
  const step = createStep(config, where, 0);
  return (text) => step(text, MOST_GROWTH * text.length + ROOM);
}

/** The text; throws where it is longer than `room`. */
function checkRoom(text: string, room: number, where: string): string {
  if (text.length > room)
    throw new TokenizerError(
      where,
      `a text that becomes at most ${MOST_GROWTH} times as long`,
      `more than ${room} characters`,
      'do not use this tokenizer',
    );
  return text;
}

function createStep(config: unknown, where: string, depth: number): Step {
  if (config === null || config === undefined) return (text) => text;
  const entry = readObject(config, where);
  switch (entry.type) {
    case 'BertNormalizer':
      return bertNormalizer(entry, where);
    case 'Precompiled':
      return precompiledNormalizer(entry.precompiled_charsmap, `${where}.precompiled_charsmap`);
    case 'Sequence': {
      if (depth > 8) throw new TokenizerError(where, 'at most 8 nested sequences', 'more', 'flatten them');
      const steps = readArray(entry.normalizers, `${where}.normalizers`, 64).map((step, i) =>
        createStep(step, `${where}.normalizers[${i}]`, depth + 1),
      );
      return (text, room) =>
        steps.reduce((current, step) => checkRoom(step(current, room), room, where), text);
    }
    case 'Replace': {
      const pattern = compilePattern(entry.pattern, `${where}.pattern`);
      const content = readString(entry.content, `${where}.content`);
      return (text, room) => replaceMatches(text, pattern, content, (out) => checkRoom(out, room, where));
    }
    case 'Lowercase':
      return lowercase;
    case 'StripAccents':
      return (text) => text.replace(ACCENTS, '');
    case 'Nmt':
      return (text) => text.replace(NMT_REMOVED, '').replace(NMT_SPACE, ' ');
    case 'ByteLevel': {
      const encoder = new TextEncoder();
      return (text) => Array.from(encoder.encode(text), (byte) => byteCharacters[byte]!).join('');
    }
    case 'Strip': {
      const left = readBoolean(entry.strip_left, `${where}.strip_left`, true);
      const right = readBoolean(entry.strip_right, `${where}.strip_right`, true);
      return (text) => {
        const start = left ? text.replace(LEADING_WHITESPACE, '') : text;
        return right ? start.replace(TRAILING_WHITESPACE, '') : start;
      };
    }
    case 'Prepend': {
      const prefix = readString(entry.prepend, `${where}.prepend`);
      return (text) => (text === '' ? text : prefix + text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = entry.type;
      return (text) => unicodeForm(text, form);
    }
    default:
      throw new TokenizerError(
        `${where}.type`,
        'BertNormalizer, Precompiled, Sequence, Replace, Lowercase, Strip, StripAccents, Prepend, Nmt, ByteLevel or NF(K)C/D',
        describe(entry.type),
        'this tokenizer cannot be reproduced exactly here yet',
      );
  }
}

/** Each match becomes `content`, which has no references. */
function replaceMatches(
  text: string,
  pattern: Pattern,
  content: string,
  check: (out: string) => string,
): string {
  let out = '';
  let end = 0;
  for (const match of pattern.matches(text)) {
    out = check(out + text.slice(end, match.index) + content);
    end = match.index + match[0].length;
  }
  return out + text.slice(end);
}

/** BERT's clean-up, in the order of `tokenizers` `normalizers/bert.rs`. */
function bertNormalizer(entry: JsonObject, where: string): Normalizer {
  const cleanText = readBoolean(entry.clean_text, `${where}.clean_text`, true);
  const spaceCjk = readBoolean(entry.handle_chinese_chars, `${where}.handle_chinese_chars`, true);
  const lower = readBoolean(entry.lowercase, `${where}.lowercase`, true);
  const stripAccents = readBoolean(entry.strip_accents, `${where}.strip_accents`, lower);
  return (input) => {
    let text = input;
    if (cleanText) text = text.replace(CONTROL, '').replace(WHITESPACE, ' ');
    if (spaceCjk) text = text.replace(CJK, ' $& ');
    if (stripAccents) text = unicodeForm(text, 'NFD').replace(NONSPACING_MARKS, '');
    return lower ? lowercase(text) : text;
  };
}

/** Character-wise lower case: JavaScript alone would turn a final Σ into ς, Rust's `char::to_lowercase` does not. */
function lowercase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}
