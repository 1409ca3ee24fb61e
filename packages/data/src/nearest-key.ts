/** Edits between two spellings: insertions, deletions, substitutions and swaps of neighbours cost 1 each. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? before[j - 2]! + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min(substituted, swapped, previous[j]! + 1, current[j - 1]! + 1));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** Whether one spelling plainly stands for the other: a slip of the pen, a longer form, a missing prefix. */
function resembles(key: string, known: string): boolean {
  const a = key.toLowerCase().replace(/[-_ ]/g, '');
  const b = known.toLowerCase().replace(/[-_ ]/g, '');
  if (a === b) return true;
  // "pos_id" is another key; "positives" and "scores" are other spellings of "pos" and "pos_scores".
  const words = key.split(/[-_ ]|(?<=[a-z])(?=[A-Z])/).length <= known.split('_').length;
  if (words && (a.startsWith(b) || (a.length >= 5 && b.endsWith(a)))) return true;
  return editDistance(a, b) <= Math.min(2, Math.floor(b.length / 3));
}

/** The known key that `key` is most likely a misspelling of, or undefined. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > 64) return undefined;
  const near = known.filter((candidate) => resembles(key, candidate));
  return near.sort((a, b) => editDistance(key, a) - editDistance(key, b))[0];
}
