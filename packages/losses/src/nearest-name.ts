/** Edits between two spellings: insertions, deletions and substitutions cost 1 each (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * The known name that `name` most likely means, whatever its case and separators: one that holds it, else the nearest
 * by edits; undefined where more than half of it would have to change.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  if (name.length > 64 || wanted === '') return undefined;
  const editsTo = (candidate: string) =>
    wanted.length >= 4 && candidate.includes(wanted) ? 0 : editDistance(wanted, candidate);
  const [best] = known
    .map((candidate) => ({ candidate, edits: editsTo(plain(candidate)) }))
    .toSorted((a, b) => a.edits - b.edits);
  return best && best.edits <= wanted.length / 2 ? best.candidate : undefined;
}
