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

const everyCharacter = (): string => {
  let text = '';
  for (let first = 0; first < 0x110000; first += 0x1000) {
    if (first >= 0xd800 && first < 0xe000) continue;
    text += String.fromCodePoint(...Array.from({ length: 0x1000 }, (_, i) => first + i));
  }
  return text;
};

let unlike: RegExp | null | undefined;

/** Whether a text has a character that this engine's Unicode version and the tables may put in different classes. */
export function hasUnlikeCharacter(text: string): boolean {
  if (unlike === undefined) {
    const all = everyCharacter();
    const found = new Set<string>();
    for (const name of ['L', 'N', 'M', 'P', 'S']) {
      const odd = new Uint8Array(0x110000);
      for (const [run] of all.matchAll(new RegExp(`\\p{${name}}+`, 'gu')))
        for (const char of run) odd[char.codePointAt(0)!]! ^= 1;
      for (const range of TABLES.get(name)!.split(' ')) {
        const [first, last = first] = range.split('-').map((hex) => Number.parseInt(hex, 16));
        for (let point = first!; point <= last!; point += 1) odd[point]! ^= 1;
      }
      for (let at = odd.indexOf(1); at >= 0; at = odd.indexOf(1, at + 1)) found.add(String.fromCodePoint(at));
    }
    unlike = found.size === 0 ? null : new RegExp(`[${rangesOf(found)}]`, 'u');
  }
  return unlike?.test(text) ?? false;
}

/** Characters as the body of a class. */
function rangesOf(chars: ReadonlySet<string>): string {
  const ranges: [first: number, last: number][] = [];
  for (const point of [...chars].map((char) => char.codePointAt(0)!).sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.[1] === point - 1) range[1] = point;
    else ranges.push([point, point]);
  }
  return classBody(ranges.map(([first, last]) => `${first.toString(16)}-${last.toString(16)}`).join(' '));
}
