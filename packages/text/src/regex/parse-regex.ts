/** A part of a regular expression, without captures. */
export type RegexNode =
  /** One code point; `source` is an atom of JavaScript's syntax with flag u: a literal, an escape, a class or a dot. */
  | { readonly kind: 'char'; readonly source: string }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | {
      readonly kind: 'repeat';
      readonly item: RegexNode;
      readonly min: number;
      /** Infinity where there is no limit. */
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'look'; readonly item: RegexNode; readonly behind: boolean; readonly negated: boolean }
  /** Nothing, at a place: `^`, `$`, `\b` or `\B`. */
  | { readonly kind: 'assert'; readonly source: string };

/** What a pattern has that needs more than its place in the text to match: a reference to a group, or too deep a nesting. */
export class UnsupportedRegexError extends Error {
  override readonly name = 'UnsupportedRegexError';
}

const MAX_DEPTH = 128;
const GROUP = /\(\?(?:<?[=!]|:|<[^>=!]*>)/y;
const ESCAPE =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[\s\S])/y;
const CLASS = /\[(?:[^\]\\]|\\[\s\S])*\]/y;
const QUANTIFIER = /([*+?]|\{\d+(?:,\d*)?\})(\??)/y;

/**
 * The parts of a pattern that `new RegExp(source, 'u')` has accepted. Groups are kept for their extent only.
 * @throws UnsupportedRegexError for references to groups, modifiers and groups nested more than 128 deep
 */
export function parseRegex(source: string): RegexNode {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at += match[0].length;
    return match;
  };

  const choice = (depth: number): RegexNode => {
    if (depth > MAX_DEPTH) throw new UnsupportedRegexError(`groups nested more than ${MAX_DEPTH} deep`);
    const options = [sequence(depth)];
    while (source[at] === '|') {
      at++;
      options.push(sequence(depth));
    }
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  };

  const sequence = (depth: number): RegexNode => {
    const items: RegexNode[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') items.push(quantified(depth));
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  };

  const quantified = (depth: number): RegexNode => {
    const item = atom(depth);
    const match = take(QUANTIFIER);
    if (!match) return item;
    const [, quantifier, lazy] = match as unknown as [string, string, string];
    const [min, max] = bounds(quantifier);
    return { kind: 'repeat', item, min, max, lazy: lazy !== '' };
  };

  const atom = (depth: number): RegexNode => {
    switch (source[at]) {
      case '(':
        return group(depth);
      case '[':
        return { kind: 'char', source: take(CLASS)![0] };
      case '^':
      case '$':
        return { kind: 'assert', source: source[at++]! };
      case '\\': {
        const [escaped] = take(ESCAPE)!;
        if (/^\\[bB]$/.test(escaped)) return { kind: 'assert', source: escaped };
        if (/^\\[1-9k]/.test(escaped)) throw new UnsupportedRegexError('a reference to a group');
        return { kind: 'char', source: escaped };
      }
      default: {
        const char = String.fromCodePoint(source.codePointAt(at)!);
        at += char.length;
        return { kind: 'char', source: char };
      }
    }
  };

  const group = (depth: number): RegexNode => {
    const prefix = take(GROUP)?.[0];
    if (prefix === undefined) {
      if (source[at + 1] === '?') throw new UnsupportedRegexError('modifiers of a group');
      at++;
    }
    const item = choice(depth + 1);
    at++;
    if (prefix === undefined || !/[=!]$/.test(prefix)) return item;
    return { kind: 'look', item, behind: prefix.includes('<'), negated: prefix.endsWith('!') };
  };

  return choice(0);
}

/** `{2,3}` → 2 and 3. */
function bounds(quantifier: string): [min: number, max: number] {
  switch (quantifier) {
    case '*':
      return [0, Number.POSITIVE_INFINITY];
    case '+':
      return [1, Number.POSITIVE_INFINITY];
    case '?':
      return [0, 1];
    default: {
      const [min, max] = quantifier.slice(1, -1).split(',');
      if (max === undefined) return [Number(min), Number(min)];
      return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)];
    }
  }
}
