/**
 * A cheap estimate of how many tokens a text becomes, for putting texts of like length together: one per character
 * from U+2E80 on (CJK, kana, Hangul), a quarter of a token for every other character, rounded up.
 */
export function approximateTokens(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x2e80) wide++;
  return Math.ceil(wide + (text.length - wide) / 4);
}
