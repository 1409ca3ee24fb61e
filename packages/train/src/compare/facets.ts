import { tokenize } from '@rag/eval';
import { countScripts, type ScriptCounts } from '../doctor/script.js';
import type { Facets } from './compared.js';

/** Below this share of a text's letters a script is not named beside the first. */
const SECOND = 0.25;

/**
 * The writing system of a text: `Latin`, `Han + Latin` where the second has a quarter of the letters, `none` without letters. Kana
 * among Han is Japanese, whatever their shares.
 */
export function scriptOfText(text: string): string {
  const counts: ScriptCounts = {};
  countScripts(text, counts);
  const { Han = 0, Kana = 0, ...others } = counts;
  const merged = Object.entries(Kana > 0 ? { ...others, 'Han + Kana': Han + Kana } : { ...others, Han });
  const total = merged.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return 'none';
  return merged
    .sort(([, a], [, b]) => b - a)
    .filter(([, count], i) => i === 0 || (i === 1 && count >= SECOND * total))
    .map(([name]) => name)
    .sort()
    .join(' + ');
}

/** Passages below this have no parts worth telling apart, in UTF-16 units. */
const LONG = 300;

/** Which third of a long passage has most of the query's different words, the earliest where thirds are equal: a hint at what cutting costs. */
export function partOfPassage(query: string, passage: string): string {
  if (passage.length < LONG) return `in a passage below ${LONG} characters`;
  const words = new Set(tokenize(query));
  const third = Math.ceil(passage.length / 3);
  let [best, most] = ['nowhere', 0];
  for (const [i, name] of ['first third', 'second third', 'last third'].entries()) {
    const found = new Set(
      tokenize(passage.slice(i * third, (i + 1) * third)).filter((word) => words.has(word)),
    );
    if (found.size > most) [best, most] = [name, found.size];
  }
  return best;
}

/** Lengths and scripts of a query and its first relevant passage, and where in it the query's words stand. */
export function textFacets(query: string, relevant: string | undefined): Facets {
  return {
    queryLength: query.length,
    queryScript: scriptOfText(query),
    ...(relevant !== undefined && {
      passageLength: relevant.length,
      passageScript: scriptOfText(relevant),
      part: partOfPassage(query, relevant),
    }),
  };
}
