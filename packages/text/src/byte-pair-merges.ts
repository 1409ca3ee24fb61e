import { TokenizerError } from './errors.js';
import { describe, readArray, readString } from './read-field.js';

const MAX_MERGES = 1 << 22;

/** What `rankOf` gives for a pair that is never merged: greater than every rank. */
export const NEVER = 0x7fffffff;

/** Bits of the filter for each slot of the table. */
const FILTER_BITS = 8;

/**
 * The merges of a BPE model in one open-addressing hash table: pair of ids → rank → id of the merged piece.
 * 13 bytes per slot and at most half of them taken: some 7 MB for 150,000 merges. Most pairs of a text never merge: a filter
 * of one bit for each hash, small enough for the processor's cache, tells most of them.
 */
export class MergeTable {
  /** Left id (−1: free), right id, rank of each slot. */
  readonly #slots: Int32Array;
  readonly #filter: Int32Array;
  readonly #mergedIds: Int32Array;
  readonly #mask: number;
  readonly #shift: number;
  // Random, so that no file can be made of pairs that collide; ids do not depend on them.
  readonly #a = randomOdd();
  readonly #b = randomOdd();

  /** @param capacity the number of merges, at least 0; ranks are below it */
  constructor(capacity: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(capacity * 2 + 1)));
    this.#mask = (1 << bits) - 1;
    this.#shift = 32 - bits;
    this.#slots = new Int32Array(3 << bits).fill(-1);
    this.#filter = new Int32Array((FILTER_BITS << bits) / 32);
    this.#mergedIds = new Int32Array(capacity);
  }

  /** Adds a merge; a later one of the same pair wins, as in a file. */
  add(left: number, right: number, rank: number, mergedId: number): void {
    const hash = this.#hash(left, right);
    const at = this.#find(hash, left, right);
    this.#slots[at] = left;
    this.#slots[at + 1] = right;
    this.#slots[at + 2] = rank;
    this.#filter[this.#word(hash)]! |= 1 << hash;
    this.#mergedIds[rank] = mergedId;
  }

  /** The rank of a pair, lower ones first; `NEVER` where it has none. */
  rankOf(left: number, right: number): number {
    const hash = this.#hash(left, right);
    if ((this.#filter[this.#word(hash)]! & (1 << hash)) === 0) return NEVER;
    const at = this.#find(hash, left, right);
    return this.#slots[at] === -1 ? NEVER : this.#slots[at + 2]!;
  }

  /** The piece that the merge of a rank makes. */
  mergedId(rank: number): number {
    return this.#mergedIds[rank]!;
  }

  #hash(left: number, right: number): number {
    const mixed = (Math.imul(left, this.#a) + Math.imul(right, this.#b)) | 0;
    return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  }

  /** Where the filter's bit of a hash is: its place comes from the highest bits, the bit in the word from the lowest. */
  #word(hash: number): number {
    return hash >>> (this.#shift + 2);
  }

  /** Where a pair stands, or the free slot where it would. */
  #find(hash: number, left: number, right: number): number {
    const slots = this.#slots;
    for (let slot = hash >>> this.#shift; ; slot = (slot + 1) & this.#mask) {
      const at = slot * 3;
      const found = slots[at]!;
      if (found === -1 || (found === left && slots[at + 1] === right)) return at;
    }
  }
}

function randomOdd(): number {
  return (Math.floor(Math.random() * 2 ** 32) | 1) >>> 0;
}

/**
 * The `merges` of a BPE model, lowest rank first: each is `"a b"`, or `["a", "b"]` as versions from 0.20 write it, and makes
 * the piece a + b, where b has lost the `prefixLength` units that mark it as continuing a word.
 * @throws TokenizerError naming the entry that is no pair, or that needs a piece which `ids` lacks
 */
export function readMerges(
  value: unknown,
  ids: ReadonlyMap<string, number>,
  prefixLength: number,
  where: string,
): MergeTable {
  const merges = readArray(value, where, MAX_MERGES);
  const table = new MergeTable(merges.length);
  for (let rank = 0; rank < merges.length; rank += 1) {
    const [left, right] = readPair(merges[rank], where, rank);
    const merged = left + right.slice(prefixLength);
    const [leftId, rightId, mergedId] = [ids.get(left), ids.get(right), ids.get(merged)];
    if (leftId === undefined || rightId === undefined || mergedId === undefined) {
      const piece = leftId === undefined ? left : rightId === undefined ? right : merged;
      const got = JSON.stringify(piece);
      throw new TokenizerError(`${where}[${rank}]`, 'pieces of the vocabulary', got, 'the file is damaged');
    }
    table.add(leftId, rightId, rank, mergedId);
  }
  return table;
}

function readPair(value: unknown, where: string, rank: number): readonly [string, string] {
  if (typeof value === 'string') {
    const space = value.indexOf(' ');
    if (space !== -1 && value.indexOf(' ', space + 1) === -1)
      return [value.slice(0, space), value.slice(space + 1)];
  } else {
    const [left, right] = Array.isArray(value) && value.length === 2 ? value : [];
    if (typeof left === 'string' && typeof right === 'string') return [left, right];
    const at = `${where}[${rank}]`;
    for (const half of readArray(value, at, 2)) readString(half, at);
  }
  throw new TokenizerError(`${where}[${rank}]`, 'two pieces', describe(value), 'the file is damaged');
}
