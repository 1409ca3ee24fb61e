/** Packed bits as the widest words that their place in memory allows: 32 bits where rows are whole words, else bytes. */
export type BitWords = Uint32Array | Uint8Array;

/** Views of a corpus [rows, width] and a query [width], both in bytes, by words of one size; nothing but a query is copied. */
export function bitWords(
  corpus: Int8Array | Uint8Array,
  query: Int8Array | Uint8Array,
): { corpus: BitWords; query: BitWords } {
  const { buffer, byteOffset, byteLength } = corpus;
  const bytes = Uint8Array.from(query, (byte) => byte & 0xff);
  if (byteOffset % 4 !== 0 || bytes.length % 4 !== 0)
    return { corpus: new Uint8Array(buffer, byteOffset, byteLength), query: bytes };
  return {
    corpus: new Uint32Array(buffer, byteOffset, byteLength / 4),
    query: new Uint32Array(bytes.buffer),
  };
}

/** Words whose bits a byte can count: 31 of at most 8 bits in each byte. */
const WORDS_PER_FOLD = 31;

/**
 * Bits in which a query differs from the row of a corpus that starts at word `first`. Counts are kept four to a word, one
 * for each byte, and folded every 31 words (Warren, Hacker's Delight, 2nd edition, 5-1): no table, no multiplication.
 */
export function hammingDistance(corpus: BitWords, first: number, query: BitWords): number {
  let distance = 0;
  for (let start = 0; start < query.length; start += WORDS_PER_FOLD) {
    const end = Math.min(start + WORDS_PER_FOLD, query.length);
    let counts = 0;
    for (let i = start; i < end; i++) {
      let x = corpus[first + i]! ^ query[i]!;
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      counts = (counts + ((x + (x >>> 4)) & 0x0f0f0f0f)) | 0;
    }
    counts = (counts & 0x00ff00ff) + ((counts >>> 8) & 0x00ff00ff);
    distance += (counts + (counts >>> 16)) & 0xffff;
  }
  return distance;
}
