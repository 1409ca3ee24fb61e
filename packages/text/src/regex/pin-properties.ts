import { LETTER, MARK, NUMBER, PATTERN_PUNCTUATION, SYMBOL } from '../generated/pattern-ranges.js';
import { classBody } from '../unicode-form.js';

const TABLES = new Map([
  ['L', LETTER],
  ['Letter', LETTER],
  ['N', NUMBER],
  ['Number', NUMBER],
  ['M', MARK],
  ['Mark', MARK],
  ['P', PATTERN_PUNCTUATION],
  ['Punctuation', PATTERN_PUNCTUATION],
  ['S', SYMBOL],
  ['Symbol', SYMBOL],
]);

const PART = /\\([pP])\{([^}]*)\}|\\[\s\S]|[[\]]|[^\\[\]]+/gu;

/**
 * A JavaScript pattern (flag `u`) in which `\p{L}`, `\p{N}`, `\p{M}`, `\p{P}` and `\p{S}` are the tables of Oniguruma, on which
 * Python's `tokenizers` runs patterns, instead of those of the engine's own Unicode version; other properties stay.
 */
export function pinProperties(source: string): string {
  let inClass = false;
  return source.replace(PART, (part, letter: string | undefined, name: string | undefined) => {
    if (part === '[' || part === ']') inClass = part === '[';
    const table = name === undefined ? undefined : TABLES.get(name);
    if (table === undefined) return part;
    const body = classBody(letter === 'p' ? table : complement(table));
    return inClass ? body : `[${body}]`;
  });
}

const complements = new Map<string, string>();

/** Every other code point, in the same writing. */
function complement(table: string): string {
  let found = complements.get(table);
  if (found === undefined) {
    let next = 0;
    const gaps: string[] = [];
    for (const range of [...table.split(' '), '110000']) {
      const [first, last = first] = range.split('-').map((hex) => Number.parseInt(hex, 16));
      if (first! > next) gaps.push(`${next.toString(16)}-${(first! - 1).toString(16)}`);
      next = last! + 1;
    }
    found = gaps.join(' ');
    complements.set(table, found);
  }
  return found;
}
