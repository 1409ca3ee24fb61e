import { TokenizerError } from './errors.js';
import { ReplaceNormalizer } from './library.js';
import { readObject, readString } from './read-field.js';
import { backtracksLittle } from './regex/backtracks-little.js';
import { linearMatcher, type PatternMatch } from './regex/linear-matcher.js';
import { parseRegex, UnsupportedRegexError } from './regex/parse-regex.js';
import { hasUnlikeCharacter, pinProperties } from './regex/pin-properties.js';

/** A compiled pattern. */
export interface Pattern {
  /** All matches in turn, none overlapping another, as `matchAll` finds them; in time that grows with the text's length. */
  matches(text: string): Iterable<PatternMatch>;
}

/**
 * A tokenizer.json pattern, `{ "Regex": … }` (Oniguruma) or `{ "String": … }`.
 * The Oniguruma dialect is translated to JavaScript's by @huggingface/tokenizers, its Unicode tables come from
 * `regex/pin-properties.ts`. A pattern on which JavaScript's own engine could
 * backtrack without end is run by one that cannot. Throws TokenizerError for a pattern that neither can run.
 */
export function compilePattern(value: unknown, where: string): Pattern {
  const config = readObject(value, where);
  const key = 'Regex' in config ? 'Regex' : 'String';
  const source = readString(config[key], `${where}.${key}`, 1 << 14);
  const pattern = key === 'Regex' ? { Regex: source } : { String: source };
  const shown = source.length > 200 ? `${source.slice(0, 200)}…` : source;
  let compiled: RegExp | null = null;
  try {
    compiled = new ReplaceNormalizer({ type: 'Replace', pattern, content: '' }).pattern;
  } catch (cause) {
    throw new TokenizerError(
      where,
      'a pattern that JavaScript can run',
      JSON.stringify(shown),
      'report the tokenizer: its pattern needs a translation',
      { cause },
    );
  }
  if (compiled === null || source === '')
    throw new TokenizerError(where, 'a pattern', JSON.stringify(shown), 'the file is damaged');
  if (key === 'String') return nativePattern(compiled);
  const pinnedSource = pinProperties(compiled.source);
  try {
    const own = boundedPattern(compiled);
    if (pinnedSource === compiled.source) return own;
    // Tables are slower than the engine's properties, and differ from them in rare characters only.
    const pinned = boundedPattern(new RegExp(pinnedSource, compiled.flags));
    return { matches: (text) => (hasUnlikeCharacter(text) ? pinned : own).matches(text) };
  } catch (cause) {
    if (!(cause instanceof UnsupportedRegexError)) throw cause;
    throw new TokenizerError(
      where,
      'a pattern that can be matched in bounded time',
      `${JSON.stringify(shown)}, which has ${cause.message}`,
      'report the tokenizer, if it is no attack',
      { cause },
    );
  }
}

const nativePattern = (regexp: RegExp): Pattern => ({
  matches: (text) => text.matchAll(regexp) as Iterable<PatternMatch>,
});

function boundedPattern(regexp: RegExp): Pattern {
  const tree = parseRegex(regexp.source);
  return backtracksLittle(tree) ? nativePattern(regexp) : { matches: linearMatcher(tree) };
}
