import type { ContrastiveExample } from '@rag/data';

/** Which candidates a query is compared with. */
export interface CandidateOptions {
  /**
   * Whether the positives of other queries are negatives too. Where it is left out they are for queries without
   * negatives of their own (pairs) and are not for queries with some (triplets), as in the originals.
   */
  readonly othersPositives?: boolean;
  /** Keep candidates that equal a positive of the query, which the originals push away. @default false */
  readonly compat?: boolean;
}

/** The candidates of a batch: each example's positive and negatives, one example after the other. */
export interface Candidates {
  readonly texts: readonly string[];
  /** [queries]: the column of the query's own positive. */
  readonly target: readonly number[];
  /** [queries, candidates], 1 where the query is compared with the candidate; its target always is. */
  readonly mask: Float32Array;
}

/**
 * Own positive and all negatives of the batch, positives of others by `othersPositives`. A text that is a positive of
 * the same query anywhere in the batch is no negative of it. The last `repeated` examples are candidates of their own
 * queries alone.
 */
export function candidatesOf(
  examples: readonly Pick<ContrastiveExample, 'query' | 'positive' | 'negatives'>[],
  repeated: number,
  { othersPositives, compat = false }: CandidateOptions,
): Candidates {
  const counted = examples.length - repeated;
  const texts: string[] = [];
  const target: number[] = [];
  const columns: { readonly owner: number; readonly positive: boolean }[] = [];
  const positives = new Map<string, Set<string>>();
  for (const [owner, { query, positive, negatives }] of examples.entries()) {
    target.push(texts.length);
    texts.push(positive, ...negatives);
    columns.push({ owner, positive: true }, ...negatives.map(() => ({ owner, positive: false })));
    positives.set(query, (positives.get(query) ?? new Set()).add(positive));
  }
  const mask = new Float32Array(examples.length * texts.length);
  for (const [row, { query, negatives }] of examples.entries()) {
    const all = othersPositives ?? negatives.length === 0;
    const relevant = compat ? undefined : positives.get(query);
    for (const [column, { owner, positive }] of columns.entries()) {
      const candidate = owner === row || (owner < counted && (!positive || all));
      const kept = column === target[row] || (candidate && relevant?.has(texts[column]!) !== true);
      mask[row * texts.length + column] = kept ? 1 : 0;
    }
  }
  return { texts, target, mask };
}
