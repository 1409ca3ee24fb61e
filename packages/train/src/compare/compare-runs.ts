import { type Qrels, type RetrievalEvaluation, type Run, trecOrder } from '@rag/eval';
import { type CompareOptions, type Comparison, compareSystems } from './compare-systems.js';
import type { ComparedQuery, FirstFound } from './compared.js';
import { textFacets } from './facets.js';

/** What a system put first for a query, by ids. */
export interface FirstOfRun {
  /** Of the best relevant document, from 1 in trec_eval's order; absent where it was not found. */
  readonly rank?: number;
  /** The document at rank 1. */
  readonly top: string;
}

/** By query; queries for which nothing was found are absent. All that a comparison keeps of a run. */
export type FirstsOfRun = ReadonlyMap<string, FirstOfRun>;

/** A system's metrics, and what it put first. */
export interface JudgedRun {
  readonly name: string;
  readonly firsts: FirstsOfRun;
  readonly evaluation: Pick<RetrievalEvaluation, 'queryIds'> & {
    readonly perQuery: Readonly<Record<string, readonly number[]>>;
  };
}

/** Texts by their ids, as far as they are known. */
export interface KnownTexts {
  query(id: string): string | undefined;
  document(id: string): string | undefined;
}

/** Where nothing but ids is known. */
export const noTexts: KnownTexts = { query: () => undefined, document: () => undefined };

/**
 * Systems that searched the same collection.
 * @param words what BM25 found, if it searched too
 * @throws Error where they were judged on different queries, and as `compareSystems`
 */
export function compareRuns(
  systems: readonly JudgedRun[],
  qrels: Qrels,
  texts: KnownTexts,
  { words, ...options }: CompareOptions & { readonly words?: FirstsOfRun } = {},
): Comparison {
  const ids = systems[0]?.evaluation.queryIds ?? [];
  for (const { name, evaluation } of systems) {
    const odd = ids.findIndex((id, i) => id !== evaluation.queryIds[i]);
    if (odd >= 0 || evaluation.queryIds.length !== ids.length)
      throw new Error(
        `compareRuns: expected all systems on the same queries, got others of "${name}" — evaluate them by the same judgements`,
      );
  }
  return compareSystems(
    ids.map((id) => comparedQuery(id, qrels.get(id)!, texts, words)),
    systems.map(({ name, firsts, evaluation }) => ({
      name,
      perQuery: evaluation.perQuery,
      found: ids.map((id) => firstFound(firsts.get(id), qrels.get(id)!, texts)),
    })),
    options,
  );
}

type Grades = ReadonlyMap<string, number>;

/** What a run put first for every judged query. */
export function firstsOf(run: Run, qrels: Qrels): FirstsOfRun {
  const firsts = new Map<string, FirstOfRun>();
  for (const [query, grades] of qrels) {
    const order = trecOrder(run.get(query) ?? new Map());
    const top = order[0]?.[0];
    if (top === undefined) continue;
    const place = order.findIndex(([document]) => (grades.get(document) ?? 0) > 0);
    firsts.set(query, { top, ...(place >= 0 && { rank: place + 1 }) });
  }
  return firsts;
}

/** The id of the first relevant document, and those that systems found first: whose texts are shown. */
export function shownDocuments(systems: readonly Pick<JudgedRun, 'firsts'>[], qrels: Qrels): Set<string> {
  const shown = new Set<string>();
  for (const [query, grades] of qrels) {
    const relevant = firstRelevant(grades);
    if (relevant !== undefined) shown.add(relevant);
    for (const { firsts } of systems) {
      const top = firsts.get(query)?.top;
      if (top !== undefined) shown.add(top);
    }
  }
  return shown;
}

function comparedQuery(
  id: string,
  grades: Grades,
  texts: KnownTexts,
  words: FirstsOfRun | undefined,
): ComparedQuery {
  const text = texts.query(id);
  const relevantId = firstRelevant(grades);
  const relevant = relevantId === undefined ? undefined : texts.document(relevantId);
  return {
    id,
    ...(text !== undefined && { text }),
    ...((relevant ?? relevantId) !== undefined && { relevant: (relevant ?? relevantId)! }),
    facets: {
      ...(text !== undefined && textFacets(text, relevant)),
      ...(words && { wordRank: words.get(id)?.rank ?? Number.POSITIVE_INFINITY }),
    },
  };
}

function firstFound(first: FirstOfRun | undefined, grades: Grades, texts: KnownTexts): FirstFound {
  if (first === undefined) return { topIsRelevant: false };
  const { rank, top } = first;
  return {
    ...(rank !== undefined && { rank }),
    top: texts.document(top) ?? top,
    topIsRelevant: (grades.get(top) ?? 0) > 0,
  };
}

function firstRelevant(grades: Grades): string | undefined {
  for (const [document, grade] of grades) if (grade > 0) return document;
  return undefined;
}
