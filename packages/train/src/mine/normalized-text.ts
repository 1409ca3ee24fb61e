/** A text as the miner compares texts: NFKC, lower case, runs of white space as one blank, none at the ends. */
export const normalizedText = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

/** 64 bits of a text in two words: equal for equal normalized texts. */
export type TextKey = readonly [high: number, low: number];

/**
 * Two lanes over the UTF-16 units of the normalized text, each multiplied by an odd constant of its own, and mixed at the end as
 * MurmurHash3 mixes (Appleby, public domain). Among ten million texts two that differ share a key with a chance of 3 in a million.
 */
export function textKey(text: string): TextKey {
  const normalized = normalizedText(text);
  let [high, low] = [0x9e3779b9 ^ normalized.length, 0x85ebca6b];
  for (let i = 0; i < normalized.length; i++) {
    const unit = normalized.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x27d4eb2f);
    high = (high << 13) | (high >>> 19);
    low = Math.imul(low ^ unit, 0x165667b1);
    low ^= low >>> 15;
  }
  return [mix(high ^ (low >>> 7)), mix(low + (high | 0))];
}

function mix(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
