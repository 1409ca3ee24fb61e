import { topOverlap } from './top-overlap.js';

/** How far the scores of a narrowed model are from the original's, on the same inputs. */
export interface ScoreLoss {
  readonly count: number;
  /** Largest and mean |difference|. */
  readonly max: number;
  readonly mean: number;
  /** Spearman's rank correlation, equal scores sharing their mean rank. */
  readonly spearman: number;
  /**
   * How much of the best passages of a query stay the best, mean over the queries (`topOverlap`); undefined where no query has three
   * passages.
   */
  readonly overlap?: number;
}

/**
 * @param queries whose passage each score is of, in the same order: what `overlap` is measured within
 * @throws RangeError for fewer than 3 scores, and for lists of other lengths
 */
export function compareScores(
  original: readonly number[],
  narrowed: readonly number[],
  queries?: readonly string[],
): ScoreLoss {
  const count = original.length;
  if (count < 3 || narrowed.length !== count)
    throw new RangeError(
      `scores: expected two lists of at least 3, got ${count} and ${narrowed.length} — evaluate on more inputs`,
    );
  const differences = original.map((score, i) => Math.abs(narrowed[i]! - score));
  const mean = differences.reduce((sum, x) => sum + x, 0) / count;
  return {
    count,
    max: differences.reduce((most, x) => Math.max(most, x), 0),
    mean,
    spearman: correlation(ranks(original), ranks(narrowed)),
    ...(queries && withOverlap(original, narrowed, queries)),
  };
}

function withOverlap(
  original: readonly number[],
  narrowed: readonly number[],
  queries: readonly string[],
): { overlap?: number } {
  const rowsOf = new Map<string, number[]>();
  for (const [row, query] of queries.entries()) rowsOf.set(query, [...(rowsOf.get(query) ?? []), row]);
  const overlaps = [...rowsOf.values()].flatMap((rows) =>
    rows.length < 3
      ? []
      : [
          topOverlap(
            rows.map((row) => original[row]!),
            rows.map((row) => narrowed[row]!),
          ),
        ],
  );
  if (overlaps.length === 0) return {};
  return { overlap: overlaps.reduce((sum, x) => sum + x, 0) / overlaps.length };
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) found[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return found;
}

/** Pearson's; 0 where one list is constant. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const middle = (a.length - 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const [p, q] = [x - middle, b[i]! - middle];
    ab += p * q;
    aa += p * p;
    bb += q * q;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
