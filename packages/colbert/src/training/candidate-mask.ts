/** A column of an in-batch loss. */
export interface Candidate {
  /** The example that it comes from. */
  readonly example: number;
  readonly text: string;
  readonly positive: boolean;
}

export interface CandidateMaskOptions {
  /** Examples beyond this many are repeated ones, whose texts are nobody's candidates. */
  readonly counted: number;
  /** Whether positives of other queries are negatives. */
  readonly othersPositives: boolean;
  /** Whether texts that are known positives of the query may be negatives, as in the originals. */
  readonly compat: boolean;
}

/**
 * [queries, candidates], row-major: 1 where a column is a negative of the query, or its own positive. A positive of
 * the query in another example of the batch, or a negative of the same text, is neither.
 */
export function candidateMask(
  examples: readonly { readonly query: string; readonly positive: string }[],
  candidates: readonly Candidate[],
  { counted, othersPositives, compat }: CandidateMaskOptions,
): Float32Array {
  const known = new Map<string, Set<string>>();
  for (const { query, positive } of examples)
    known.set(query, (known.get(query) ?? new Set<string>()).add(positive));
  const mask = new Float32Array(examples.length * candidates.length);
  for (const [row, { query }] of examples.entries())
    for (const [column, { example, text, positive }] of candidates.entries()) {
      const own = positive && example === row;
      const negative =
        example < counted && (!positive || othersPositives) && (compat || !known.get(query)!.has(text));
      mask[row * candidates.length + column] = own || negative ? 1 : 0;
    }
  return mask;
}
