/** Keeps the best rows of those that are offered, 16 bytes for each of `capacity`. */
export interface BestRows {
  /** Rows are offered in ascending order; of equal scores the first ones stay. */
  offer(row: number, score: number): void;
  /** What is kept, best first; equal scores by ascending row. */
  sorted(): { row: number; score: number }[];
}

/** An empty heap whose root is the worst row kept: lowest score, among equals the last row. */
export function bestRows(capacity: number): BestRows {
  const rows = new Float64Array(capacity);
  const scores = new Float64Array(capacity);
  let size = 0;

  const worse = (a: number, b: number): boolean =>
    scores[a]! < scores[b]! || (scores[a] === scores[b] && rows[a]! > rows[b]!);
  const swap = (a: number, b: number): void => {
    const row = rows[a]!;
    const score = scores[a]!;
    rows[a] = rows[b]!;
    scores[a] = scores[b]!;
    rows[b] = row;
    scores[b] = score;
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >>> 1;
      if (!worse(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++)
        if (worse(child, least)) least = child;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };

  return {
    offer(row, score) {
      if (size < capacity) {
        rows[size] = row;
        scores[size] = score;
        rise(size++);
      } else if (score > scores[0]!) {
        rows[0] = row;
        scores[0] = score;
        sink();
      }
    },
    sorted: () =>
      Array.from({ length: size }, (_, i) => i)
        .sort((a, b) => (worse(a, b) ? 1 : -1))
        .map((i) => ({ row: rows[i]!, score: scores[i]! })),
  };
}
