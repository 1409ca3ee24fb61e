import { type MergeTable, NEVER } from './byte-pair-merges.js';

/** Up to so many symbols a search through all pairs for each merge beats a heap. */
const SCANNED = 96;
/** Symbols whose working memory is kept for the next word. */
const KEPT = 1 << 14;

/**
 * Merges the first `size` ids of `symbols` in place, pairs of lowest rank first and of equal rank from the left (Sennrich et
 * al. 2016, arXiv:1508.07909), and returns how many are left. Time is n log n in `size`.
 */
export type MergeWord = (symbols: Int32Array, size: number) => number;

/** The merging of words by one table of merges. */
export function createMergeWord(table: MergeTable): MergeWord {
  const ranks = new Int32Array(SCANNED);
  let heap: MergeHeap | undefined;
  return (symbols, size) => {
    if (size <= SCANNED) return scan(table, symbols, size, ranks);
    const room = heap !== undefined && heap.room >= size ? heap : new MergeHeap(Math.max(size, KEPT));
    heap = room.room > KEPT ? undefined : room;
    return room.merge(table, symbols, size);
  };
}

/** `ranks[i]` is that of the pair of symbols i and i + 1. */
function scan(table: MergeTable, symbols: Int32Array, size: number, ranks: Int32Array): number {
  let last = size - 1;
  for (let i = 0; i < last; i += 1) ranks[i] = table.rankOf(symbols[i]!, symbols[i + 1]!);
  for (;;) {
    let lowest = NEVER;
    let at = 0;
    for (let i = 0; i < last; i += 1) {
      const rank = ranks[i]!;
      if (rank < lowest) {
        lowest = rank;
        at = i;
      }
    }
    if (lowest === NEVER) return last + 1;
    symbols[at] = table.mergedId(lowest);
    for (let i = at + 1; i < last; i += 1) {
      symbols[i] = symbols[i + 1]!;
      ranks[i] = ranks[i + 1]!;
    }
    last -= 1;
    if (at > 0) ranks[at - 1] = table.rankOf(symbols[at - 1]!, symbols[at]!);
    if (at < last) ranks[at] = table.rankOf(symbols[at]!, symbols[at + 1]!);
  }
}

/** What a place in a heap's number is multiplied from: numbers are rank · PLACES + place, below 2^53. */
const PLACES = 2 ** 30;

/** A long word: symbols as a linked list, pairs in a binary heap. */
class MergeHeap {
  /** Places of the symbols before and after, −1 for none. */
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  /** The rank of the pair of a symbol and the next; a number in the heap that says another is out of date. */
  readonly #ranks: Int32Array;
  /** At most one number for each pair at first, and two for each merge. */
  readonly #heap: Float64Array;
  #count = 0;

  constructor(readonly room: number) {
    this.#before = new Int32Array(room);
    this.#after = new Int32Array(room);
    this.#ranks = new Int32Array(room);
    this.#heap = new Float64Array(room * 3);
  }

  merge(table: MergeTable, symbols: Int32Array, size: number): number {
    const [before, after, ranks] = [this.#before, this.#after, this.#ranks];
    const rank = (place: number): void => {
      const next = after[place]!;
      const found = next === -1 ? NEVER : table.rankOf(symbols[place]!, symbols[next]!);
      ranks[place] = found;
      if (found !== NEVER) this.#push(found * PLACES + place);
    };
    this.#count = 0;
    for (let i = 0; i < size; i += 1) {
      before[i] = i - 1;
      after[i] = i + 1 === size ? -1 : i + 1;
    }
    for (let i = 0; i < size; i += 1) rank(i);
    while (this.#count > 0) {
      const lowest = this.#pop();
      const expected = Math.floor(lowest / PLACES);
      const place = lowest - expected * PLACES;
      if (ranks[place] !== expected) continue;
      const gone = after[place]!;
      const next = after[gone]!;
      symbols[place] = table.mergedId(expected);
      ranks[gone] = NEVER;
      after[place] = next;
      if (next !== -1) before[next] = place;
      if (before[place]! !== -1) rank(before[place]!);
      rank(place);
    }
    let left = 0;
    for (let place = 0; place !== -1; place = after[place]!) symbols[left++] = symbols[place]!;
    return left;
  }

  #push(value: number): void {
    const heap = this.#heap;
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= value) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  #pop(): number {
    const heap = this.#heap;
    const top = heap[0]!;
    const value = heap[--this.#count]!;
    for (let at = 0; ; ) {
      let child = at * 2 + 1;
      if (child + 1 < this.#count && heap[child + 1]! < heap[child]!) child += 1;
      if (child >= this.#count || heap[child]! >= value) {
        heap[at] = value;
        return top;
      }
      heap[at] = heap[child]!;
      at = child;
    }
  }
}
