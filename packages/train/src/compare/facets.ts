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

/** Lengths and scripts of a query and its first relevant passage. */
export function textFacets(query: string, relevant: string | undefined): Facets {
  return {
    queryLength: query.length,
    queryScript: scriptOfText(query),
    ...(relevant !== undefined && {
      passageLength: relevant.length,
      passageScript: scriptOfText(relevant),
    }),
  };
}
