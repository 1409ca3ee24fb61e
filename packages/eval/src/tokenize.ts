const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const RUNS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])[\p{L}\p{N}\p{M}])+/gu;

/**
 * Terms of a text for word matching, mixed Chinese and English: NFKC, lower case; a run of CJK characters gives its
 * characters and its bigrams, anything else gives words of letters, digits and marks. Punctuation separates; no stop
 * words, no stemming.
 *
 * Chinese has no spaces, and overlapping bigrams find as much as a word segmenter does (Nie, Gao, Zhang & Zhou, IRAL
 * 2000); single characters keep one-character words findable.
 */
export function tokenize(text: string): string[] {
  const terms: string[] = [];
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(RUNS)) {
    if (!CJK.test(run)) {
      terms.push(run);
      continue;
    }
    const characters = Array.from(run);
    for (const [i, character] of characters.entries()) {
      terms.push(character);
      if (i + 1 < characters.length) terms.push(character + characters[i + 1]!);
    }
  }
  return terms;
}
