import { readdirSync, readFileSync } from 'node:fs';

/** A file that scripts/golden/text-families.py wrote; ids are those of Python's `tokenizers`, separated by spaces. */
export interface Family {
  hard: string[];
  /** FNV-1a of the ids of each random string, hexadecimal, separated by spaces. */
  random: string;
  pairs: [ids: string, typeIds: string][];
  tokenizer: { normalizer: unknown };
}

/** The strings of every family: `hard` chosen ones, random ones after them, and pairs. */
export interface FamilyStrings {
  hard: number;
  strings: string[];
  pairs: [query: string, passage: string][];
}

interface CharsmapNormalizer {
  precompiled_charsmap?: string;
  normalizers?: CharsmapNormalizer[];
}

const read = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')) as T;

export const familyStrings = (): FamilyStrings => read('families/strings.json');

export const familyNames: readonly string[] = readdirSync(new URL('../fixtures/families', import.meta.url))
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'strings');

/** A family with its tokenizer.json made whole. */
export function readFamily(name: string): Family {
  const family = read<Family>(`families/${name}.json`);
  const normalizer = withCharsmap(family.tokenizer.normalizer);
  return { ...family, tokenizer: { ...family.tokenizer, normalizer } };
}

let charsmap: string | undefined;

/** A normalizer entry with XLM-R's charsmap where the fixtures name it instead of repeating it. */
export function withCharsmap(normalizer: unknown): unknown {
  const text = JSON.stringify(normalizer);
  if (!text.includes('"precompiled_charsmap"')) return normalizer;
  if (charsmap === undefined) {
    const xlmr = read<{ tokenizer: { normalizer: CharsmapNormalizer } }>('xlm-roberta-base.json').tokenizer
      .normalizer;
    charsmap = [xlmr, ...(xlmr.normalizers ?? [])].find((step) => step.precompiled_charsmap)!
      .precompiled_charsmap!;
  }
  return JSON.parse(text, (key, value) => (key === 'precompiled_charsmap' ? charsmap : value));
}
