import { at, type ContrastiveExample } from '@rag/data';
import type { LabelledPair, Row } from './protocol.js';

/** Passages of its own that a positive is told apart from in one batch, at most; those of the other queries come on top. */
const NEGATIVES = 2;

export interface ContrastivePairs {
  /** One example per relevant pair. */
  readonly length: number;
  /** An example with negatives of its query, drawn anew for each update. */
  example(i: number, draw: { readonly seed: number; readonly update: number }): ContrastiveExample;
}

/**
 * Labelled pairs as examples of a model that compares: each relevant passage against those of its query that are not.
 * @throws RangeError where nothing could be told apart
 */
export function contrastivePairs(pairs: readonly LabelledPair[]): ContrastivePairs {
  const positives = pairs.filter(({ label }) => label === 1);
  const negatives = new Map<string, string[]>();
  for (const { query, content, label } of pairs)
    if (label === 0) negatives.set(query, [...(negatives.get(query) ?? []), content]);
  const queries = new Set(positives.map(({ query }) => query));
  if (queries.size === 0 || (queries.size === 1 && !negatives.has([...queries][0]!)))
    throw new RangeError(
      `labels: expected a query with relevant and not relevant passages, or two queries with relevant ones, got ${positives.length} relevant passages of ${queries.size} queries — label a few more`,
    );
  return {
    length: positives.length,
    example(i, { seed, update }) {
      const { query, content } = positives[i]!;
      const own = negatives.get(query) ?? [];
      const drawn = at(seed, 'negatives', update, i).sample(own.length, Math.min(NEGATIVES, own.length));
      return { at: position(i), query, positive: content, negatives: drawn.map((j) => own[j]!) };
    },
  };
}

/** A row of which the scores are wanted: its passages in their order are the candidates, whichever of them is relevant. */
export const rowAsExample = ({ query, passages: [first, ...others] }: Row): ContrastiveExample => ({
  at: position(0),
  query,
  positive: first!,
  negatives: others,
});

const position = (row: number) => ({ file: 'labels', line: row + 1, row });
