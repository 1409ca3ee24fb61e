/** The writing systems that are told apart; `Other` is any other letter. */
export const SCRIPTS = {
  Han: /\p{Script=Han}/u,
  Kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
  Hangul: /\p{Script=Hangul}/u,
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Arabic: /\p{Script=Arabic}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Thai: /\p{Script=Thai}/u,
} as const;

export type Script = keyof typeof SCRIPTS | 'Other';

/** Letters of each script; a script without a letter is absent. */
export type ScriptCounts = Partial<Record<Script, number>>;

const letter = /\p{L}/u;

/** Characters that were seen once: a text has few different ones. Bounded, since a text may hold any. */
const known = new Map<number, Script | undefined>();
const MOST_KNOWN = 20_000;

function scriptOf(codePoint: number): Script | undefined {
  // ASCII is most of most texts.
  if (codePoint < 0x80) return (codePoint | 0x20) >= 0x61 && (codePoint | 0x20) <= 0x7a ? 'Latin' : undefined;
  if (known.has(codePoint)) return known.get(codePoint);
  const character = String.fromCodePoint(codePoint);
  const names = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  const found = letter.test(character)
    ? (names.find((name) => SCRIPTS[name].test(character)) ?? 'Other')
    : undefined;
  if (known.size < MOST_KNOWN) known.set(codePoint, found);
  return found;
}

/** Adds the letters of a text to `counts`; digits, signs and blanks belong to no script. @param most characters that are looked at */
export function countScripts(text: string, counts: ScriptCounts, most = 2_000): void {
  const end = Math.min(text.length, most);
  for (let i = 0; i < end; i++) {
    const codePoint = text.codePointAt(i)!;
    if (codePoint > 0xffff) i++;
    const script = scriptOf(codePoint);
    if (script !== undefined) counts[script] = (counts[script] ?? 0) + 1;
  }
}

/** `Han 92 %, Latin 8 %`, the most frequent first; what is below 0.5 % is left out. */
export function formatScripts(counts: ScriptCounts): string {
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => [name, (100 * count) / total] as const)
    .filter(([, share]) => share >= 0.5)
    .map(([name, share]) => `${name} ${share.toFixed(0)} %`)
    .join(', ');
}
