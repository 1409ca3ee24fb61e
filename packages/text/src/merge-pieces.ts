/** A word as its current pieces (continuations start with `##`) and how often it occurs. */
export interface WordPieces {
  pieces: string[];
  count: number;
}

interface Pair {
  left: string;
  right: string;
  count: number;
}

/**
 * Byte-pair merges over words (Sennrich et al. 2016, arXiv:1508.07909): yields the joined piece of the most
 * frequent pair, joins it in all words and goes on while a pair occurs `minFrequency` times. Ties go to the
 * smaller pair of strings. Changes the `pieces` of `words`.
 */
export function* mergePieces(words: WordPieces[], minFrequency: number): Generator<string> {
  const pairs = new Map<string, Pair>();
  const holders = new Map<string, Set<WordPieces>>();
  const heap: { key: string; count: number }[] = [];
  const touched = new Set<string>();

  const change = (word: WordPieces, by: number): void => {
    for (let i = 0; i + 1 < word.pieces.length; i += 1) {
      const [left, right] = [word.pieces[i]!, word.pieces[i + 1]!];
      const key = `${left} ${right}`;
      const pair = pairs.get(key) ?? { left, right, count: 0 };
      pair.count += by * word.count;
      pairs.set(key, pair);
      touched.add(key);
      const holding = holders.get(key) ?? new Set();
      if (by > 0) holding.add(word);
      holders.set(key, holding);
    }
  };
  const refresh = (): void => {
    for (const key of touched) {
      const { count } = pairs.get(key)!;
      if (count >= minFrequency) push(heap, { key, count });
    }
    touched.clear();
  };

  for (const word of words) change(word, 1);
  refresh();
  for (let top = pop(heap); top !== undefined; top = pop(heap)) {
    const pair = pairs.get(top.key)!;
    // An entry whose count has changed since is stale; the change pushed a fresh one.
    if (pair.count !== top.count) continue;
    const merged = pair.left + pair.right.slice(2);
    for (const word of holders.get(top.key)!) {
      if (!word.pieces.some((piece, i) => piece === pair.left && word.pieces[i + 1] === pair.right)) continue;
      change(word, -1);
      const joined: string[] = [];
      for (let i = 0; i < word.pieces.length; i += 1) {
        const joins = word.pieces[i] === pair.left && word.pieces[i + 1] === pair.right;
        joined.push(joins ? merged : word.pieces[i]!);
        if (joins) i += 1;
      }
      word.pieces = joined;
      change(word, 1);
    }
    holders.delete(top.key);
    pair.count = 0;
    touched.delete(top.key);
    refresh();
    yield merged;
  }
}

/** More frequent first, then the smaller key. */
function before(a: { key: string; count: number }, b: { key: string; count: number }): boolean {
  return a.count !== b.count ? a.count > b.count : a.key < b.key;
}

function push(heap: { key: string; count: number }[], entry: { key: string; count: number }): void {
  let at = heap.push(entry) - 1;
  for (let parent = (at - 1) >> 1; at > 0 && before(entry, heap[parent]!); parent = (at - 1) >> 1) {
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: { key: string; count: number }[]): { key: string; count: number } | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
