import { byteCharacters, GPT2_WORDS } from './byte-pair-bytes.js';
import { TokenizerError } from './errors.js';
import { compilePattern } from './pattern.js';
import {
  describe,
  type JsonObject,
  readArray,
  readBoolean,
  readInteger,
  readObject,
  readString,
} from './read-field.js';
import { punctuationClass, whitespaceClass, wordClass } from './unicode.js';

/** Cuts a normalized text into words; `atStart` says that it begins the whole input. */
export type PreTokenizer = (text: string, atStart: boolean) => string[];

const BERT_WORD = new RegExp(`[${punctuationClass}]|[^${punctuationClass}${whitespaceClass}]+`, 'gu');
const NOT_WHITESPACE = new RegExp(`[^${whitespaceClass}]+`, 'gu');
const WORD_OR_SYMBOLS = new RegExp(`[${wordClass}]+|[^${wordClass}${whitespaceClass}]+`, 'gu');
const PUNCTUATION = new RegExp(`[${punctuationClass}]`, 'gu');

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behavior = (typeof BEHAVIORS)[number];

/**
 * The pre-tokenizer that a tokenizer.json `pre_tokenizer` entry describes (`null`: one word), equal to
 * Python's `tokenizers`. Throws TokenizerError for a type that is not implemented.
 */
export function createPreTokenizer(
  config: unknown,
  where = 'tokenizer.json pre_tokenizer',
  depth = 0,
): PreTokenizer {
  if (config === null || config === undefined) return (text) => [text];
  const entry = readObject(config, where);
  switch (entry.type) {
    case 'BertPreTokenizer':
      return (text) => text.match(BERT_WORD) ?? [];
    case 'WhitespaceSplit':
      return (text) => text.match(NOT_WHITESPACE) ?? [];
    case 'Whitespace':
      return (text) => text.match(WORD_OR_SYMBOLS) ?? [];
    case 'Metaspace':
      return metaspace(entry, where);
    case 'Punctuation': {
      const behavior = readBehavior(entry.behavior ?? 'Isolated', `${where}.behavior`);
      return (text) => split(text, text.matchAll(PUNCTUATION), behavior, false);
    }
    case 'Digits': {
      const behavior = readBoolean(entry.individual_digits, `${where}.individual_digits`, false)
        ? 'Isolated'
        : 'Contiguous';
      return (text) => split(text, text.matchAll(/\p{N}/gu), behavior, false);
    }
    case 'Split': {
      const pattern = compilePattern(entry.pattern, `${where}.pattern`);
      const behavior = readBehavior(entry.behavior, `${where}.behavior`);
      const invert = readBoolean(entry.invert, `${where}.invert`, false);
      return (text) => split(text, pattern.matches(text), behavior, invert);
    }
    case 'ByteLevel':
      return byteLevel(entry, where);
    case 'CharDelimiterSplit': {
      const delimiter = readString(entry.delimiter, `${where}.delimiter`, 2);
      return (text) => text.split(delimiter).filter((word) => word !== '');
    }
    case 'FixedLength': {
      const length = readInteger(entry.length ?? 5, `${where}.length`, 1 << 16);
      if (length === 0) throw new TokenizerError(`${where}.length`, 'at least 1', '0', 'the file is damaged');
      const part = new RegExp(`[\\s\\S]{1,${length}}`, 'gu');
      return (text) => text.match(part) ?? [];
    }
    case 'Sequence': {
      if (depth > 8) throw new TokenizerError(where, 'at most 8 nested sequences', 'more', 'flatten them');
      const steps = readArray(entry.pretokenizers, `${where}.pretokenizers`, 64).map((step, i) =>
        createPreTokenizer(step, `${where}.pretokenizers[${i}]`, depth + 1),
      );
      return (text, atStart) => {
        let words = [text];
        for (const step of steps)
          words = words.flatMap((word, i) => step(word, atStart && i === 0 && text.startsWith(word)));
        return words;
      };
    }
    default:
      throw new TokenizerError(
        `${where}.type`,
        'BertPreTokenizer, WhitespaceSplit, Whitespace, Metaspace, Punctuation, Digits, Split, CharDelimiterSplit, FixedLength, ByteLevel or Sequence',
        describe(entry.type),
        'this tokenizer cannot be reproduced exactly here yet',
      );
  }
}

/** Words of GPT-2, each of their bytes a character. */
function byteLevel(entry: JsonObject, where: string): PreTokenizer {
  const prefixes = readBoolean(entry.add_prefix_space, `${where}.add_prefix_space`, true);
  const cuts = readBoolean(entry.use_regex, `${where}.use_regex`, true);
  readBoolean(entry.trim_offsets, `${where}.trim_offsets`, true);
  const pattern = compilePattern({ Regex: GPT2_WORDS }, where);
  const encoder = new TextEncoder();
  return (text) => {
    const spaced = prefixes && !text.startsWith(' ') ? ` ${text}` : text;
    const words = cuts ? split(spaced, pattern.matches(spaced), 'Isolated', false) : [spaced];
    return words.map((word) => Array.from(encoder.encode(word), (byte) => byteCharacters[byte]!).join(''));
  };
}

/** Spaces become `replacement`, one may be prepended, and each starts a word. */
function metaspace(entry: JsonObject, where: string): PreTokenizer {
  const replacement = readString(entry.replacement ?? '▁', `${where}.replacement`, 8);
  const legacy = readBoolean(entry.add_prefix_space, `${where}.add_prefix_space`, true) ? 'always' : 'never';
  const scheme = readString(entry.prepend_scheme ?? legacy, `${where}.prepend_scheme`);
  if (!['always', 'first', 'never'].includes(scheme) || replacement === '')
    throw new TokenizerError(where, 'prepend_scheme always, first or never', scheme, 'the file is damaged');
  const splits = readBoolean(entry.split, `${where}.split`, true);
  const delimiter = new RegExp(replacement.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  return (text, atStart) => {
    let spaced = text.replaceAll(' ', () => replacement);
    const prepends = scheme === 'always' || (scheme === 'first' && atStart);
    if (prepends && !spaced.startsWith(replacement)) spaced = replacement + spaced;
    return splits ? split(spaced, spaced.matchAll(delimiter), 'MergedWithNext', false) : [spaced];
  };
}

function readBehavior(value: unknown, where: string): Behavior {
  const behavior = BEHAVIORS.find((name) => name === value);
  if (!behavior)
    throw new TokenizerError(where, BEHAVIORS.join(', '), describe(value), 'the file is damaged');
  return behavior;
}

/** Splits at the matches, or at what lies between them when inverted; drops empty parts. */
function split(
  text: string,
  matches: Iterable<{ readonly index: number; readonly 0: string }>,
  behavior: Behavior,
  invert: boolean,
): string[] {
  const parts: { text: string; isDelimiter: boolean }[] = [];
  let end = 0;
  for (const match of matches) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), isDelimiter: invert });
    if (match[0] !== '') parts.push({ text: match[0], isDelimiter: !invert });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), isDelimiter: invert });
  if (behavior === 'Removed') return parts.filter((part) => !part.isDelimiter).map((part) => part.text);
  const joined: string[] = [];
  parts.forEach(({ text: piece, isDelimiter }, i) => {
    const previous = parts[i - 1];
    const joins =
      previous !== undefined &&
      ((behavior === 'MergedWithPrevious' && isDelimiter && !previous.isDelimiter) ||
        (behavior === 'MergedWithNext' && !isDelimiter && previous.isDelimiter) ||
        (behavior === 'Contiguous' && isDelimiter === previous.isDelimiter));
    if (joins) joined[joined.length - 1] += piece;
    else joined.push(piece);
  });
  return joined;
}
