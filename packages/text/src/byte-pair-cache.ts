/** UTF-16 units of the longest word that is remembered. */
const LONGEST = 64;

/**
 * Remembers the ids of words, in memory of a fixed size (7 MB for the default): when that is full, it begins anew. It holds
 * no strings, so no text stays in memory for the words that were cut out of it.
 */
export class WordCache {
  readonly #mask: number;
  /** Hash, start in `units`, length and number of ids, start in `ids` of each slot; length 0: free. */
  readonly #slots: Int32Array;
  readonly #units: Uint16Array;
  readonly #ids: Int32Array;
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 0;
  #words = 0;
  #unitsEnd = 0;
  #idsEnd = 0;

  /** @param bits of the number of slots; half as many words are remembered at most */
  constructor(bits = 17) {
    this.#mask = (1 << bits) - 1;
    this.#slots = new Int32Array(4 << bits);
    this.#units = new Uint16Array(8 << bits);
    this.#ids = new Int32Array(4 << bits);
  }

  /** Appends the ids of a word to `out`; false where it is not remembered. */
  read(word: string, out: number[]): boolean {
    if (word.length > LONGEST) return false;
    const at = this.#find(word, this.#hash(word));
    const packed = this.#slots[at + 2]!;
    if (packed === 0) return false;
    const start = this.#slots[at + 3]!;
    const end = start + (packed >>> 8);
    for (let i = start; i < end; i += 1) out.push(this.#ids[i]!);
    return true;
  }

  /** Remembers the first `count` of `ids` for a word that is not yet remembered. */
  write(word: string, ids: Int32Array, count: number): void {
    const { length } = word;
    if (length === 0 || length > LONGEST || count > 4 * LONGEST) return;
    const isFull =
      this.#words * 2 > this.#mask ||
      this.#unitsEnd + length > this.#units.length ||
      this.#idsEnd + count > this.#ids.length;
    if (isFull) {
      this.#slots.fill(0);
      this.#words = 0;
      this.#unitsEnd = 0;
      this.#idsEnd = 0;
    }
    const hash = this.#hash(word);
    const at = this.#find(word, hash);
    this.#slots[at] = hash;
    this.#slots[at + 1] = this.#unitsEnd;
    this.#slots[at + 2] = length | (count << 8);
    this.#slots[at + 3] = this.#idsEnd;
    for (let i = 0; i < length; i += 1) this.#units[this.#unitsEnd + i] = word.charCodeAt(i);
    for (let i = 0; i < count; i += 1) this.#ids[this.#idsEnd + i] = ids[i]!;
    this.#words += 1;
    this.#unitsEnd += length;
    this.#idsEnd += count;
  }

  /** FNV-1a over UTF-16 units, from a seed that no text can know. */
  #hash(word: string): number {
    let hash = this.#seed;
    for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash;
  }

  #find(word: string, hash: number): number {
    const [slots, units] = [this.#slots, this.#units];
    const { length } = word;
    search: for (let slot = (hash ^ (hash >>> 15)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * 4;
      const packed = slots[at + 2]!;
      if (packed === 0) return at;
      if (slots[at] !== hash || (packed & 255) !== length) continue;
      const start = slots[at + 1]!;
      for (let i = 0; i < length; i += 1) if (units[start + i] !== word.charCodeAt(i)) continue search;
      return at;
    }
  }
}
