/** The best documents of one query, best first; equal scores by ascending document. */
export interface Hits {
  /** Row numbers of the documents, from 0 over all blocks. */
  documents: Uint32Array;
  /** Their similarities, same order. */
  scores: Float32Array;
}

/** Keeps the k best documents of each of several queries: one bounded heap per query, `queries · k` entries in all. */
export interface BestHits {
  /** A score that is ≤ this cannot enter any more; NaN while the heap has room. */
  floor(query: number): number;
  /**
   * Offers a document; documents come in ascending order, so an equal score never displaces one that is kept.
   * @returns the floor after it
   */
  offer(query: number, document: number, score: number): number;
  hits(query: number): Hits;
}

/** Empty heaps; the root of each is its worst entry: lowest score, among equals the largest document. */
export function bestHits(queries: number, k: number): BestHits {
  const scores = new Float32Array(queries * k);
  const documents = new Uint32Array(queries * k);
  const sizes = new Uint32Array(queries);

  const worse = (a: number, b: number): boolean =>
    scores[a]! < scores[b]! || (scores[a] === scores[b] && documents[a]! > documents[b]!);
  const swap = (a: number, b: number): void => {
    [scores[a], scores[b]] = [scores[b]!, scores[a]!];
    [documents[a], documents[b]] = [documents[b]!, documents[a]!];
  };
  const floor = (query: number): number => (sizes[query]! < k ? Number.NaN : scores[query * k]!);

  const rise = (root: number, last: number): void => {
    for (let at = last; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!worse(root + at, root + parent)) return;
      swap(root + at, root + parent);
      at = parent;
    }
  };
  const sink = (root: number): void => {
    for (let at = 0; ; ) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < k; child++) {
        if (worse(root + child, root + least)) least = child;
      }
      if (least === at) return;
      swap(root + at, root + least);
      at = least;
    }
  };

  return {
    floor,
    offer(query, document, score) {
      const root = query * k;
      const size = sizes[query]!;
      if (size < k) {
        scores[root + size] = score;
        documents[root + size] = document;
        sizes[query] = size + 1;
        rise(root, size);
      } else if (score > scores[root]!) {
        scores[root] = score;
        documents[root] = document;
        sink(root);
      }
      return floor(query);
    },
    hits(query) {
      const root = query * k;
      const order = Array.from({ length: sizes[query]! }, (_, i) => root + i);
      order.sort((a, b) => (worse(a, b) ? 1 : -1));
      return {
        documents: Uint32Array.from(order, (i) => documents[i]!),
        scores: Float32Array.from(order, (i) => scores[i]!),
      };
    },
  };
}
