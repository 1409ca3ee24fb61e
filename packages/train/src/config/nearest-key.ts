/** Edits between two words: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let [older, previous] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(
        Math.min(
          previous[j]! + 1,
          current[j - 1]! + 1,
          previous[j - 1]! + (same ? 0 : 1),
          swapped ? older[j - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [older, previous] = [previous, current];
  }
  return previous[b.length]!;
}

const plain = (key: string): string => key.toLowerCase().replace(/[-_]/g, '');

/** The known key that an unknown one most likely stands for: a slip, another case, or a part of it; undefined if none. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > 64) return undefined;
  const wanted = plain(key);
  const cost = (candidate: string): number => {
    const other = plain(candidate);
    const contains = wanted.length >= 4 && (other.includes(wanted) || wanted.includes(other));
    const edits = editDistance(wanted, other);
    return contains && other.length >= 4 ? Math.min(edits, 1) : edits;
  };
  const [best] = known
    .map((candidate) => ({ candidate, cost: cost(candidate), edits: editDistance(wanted, plain(candidate)) }))
    .sort((a, b) => a.cost - b.cost || a.edits - b.edits);
  return best && best.cost <= Math.max(1, Math.floor(wanted.length / 4)) ? best.candidate : undefined;
}
