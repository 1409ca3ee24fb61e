/** V8 refuses the 2^24 + 1st entry of one Set; corpora of more documents exist. */
const SHARD = 2 ** 23;

/** A set of ids of any number. */
export class IdSet {
  readonly #full: Set<string>[] = [];
  #current = new Set<string>();
  readonly #shard: number;

  /** @param shard most entries of one Set */
  constructor(shard = SHARD) {
    this.#shard = shard;
  }

  /** Adds an id. @returns whether it is new */
  add(id: string): boolean {
    if (this.#current.has(id) || this.#full.some((set) => set.has(id))) return false;
    if (this.#current.size === this.#shard) {
      this.#full.push(this.#current);
      this.#current = new Set();
    }
    this.#current.add(id);
    return true;
  }
}
