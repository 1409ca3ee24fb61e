import type { ComparedQuery, ComparedSystem, FirstFound } from './compared.js';

/** What one system did with a query. */
export interface ExampleResult {
  /** Of the metric that queries are judged by. */
  readonly value: number;
  /** Of the best relevant passage; absent where it was not found. */
  readonly rank?: number;
  /** The passage at rank 1. */
  readonly top?: string;
  readonly topIsRelevant: boolean;
}

/** A query whose ranking changed; texts are cut. */
export interface QueryExample {
  readonly id: string;
  readonly query?: string;
  readonly relevant?: string;
  readonly before: ExampleResult;
  readonly after: ExampleResult;
}

/** UTF-16 units of a text that is shown. */
const LONGEST = 400;

/** The queries with the largest gains and the largest losses, largest first, then in the queries' order. */
export function queryExamples(
  queries: readonly ComparedQuery[],
  { before, after }: { readonly before: ComparedSystem; readonly after: ComparedSystem },
  metric: string,
  most: number,
): { improved: QueryExample[]; worsened: QueryExample[] } {
  const changed = queries.map((_, i) => ({
    i,
    by: after.perQuery[metric]![i]! - before.perQuery[metric]![i]!,
  }));
  const example = ({ i }: { readonly i: number }): QueryExample => {
    const { id, text, relevant } = queries[i]!;
    return {
      id: cutText(id),
      ...(text !== undefined && { query: cutText(text) }),
      ...(relevant !== undefined && { relevant: cutText(relevant) }),
      before: resultOf(before.perQuery[metric]![i]!, before.found[i]!),
      after: resultOf(after.perQuery[metric]![i]!, after.found[i]!),
    };
  };
  const largest = (sign: 1 | -1) =>
    changed
      .filter(({ by }) => by * sign > 1e-9)
      .sort((a, b) => (b.by - a.by) * sign || a.i - b.i)
      .slice(0, most)
      .map(example);
  return { improved: largest(1), worsened: largest(-1) };
}

const resultOf = (value: number, { rank, top, topIsRelevant }: FirstFound): ExampleResult => ({
  value,
  ...(rank !== undefined && { rank }),
  ...(top !== undefined && { top: cutText(top) }),
  topIsRelevant,
});

/** A text's beginning, never half of a surrogate pair. */
export function cutText(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  const end = /[\ud800-\udbff]/.test(text[longest - 1]!) ? longest - 1 : longest;
  return `${text.slice(0, end)}…`;
}
