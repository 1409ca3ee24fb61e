import { type Qrels, type RetrievalEvaluation, type Run, trecOrder } from '@rag/eval';
import { type CompareOptions, type Comparison, compareSystems } from './compare-systems.js';
import type { ComparedQuery, FirstFound } from './compared.js';
import { textFacets } from './facets.js';

/** What a system found, and its metrics. */
export interface JudgedRun {
  readonly name: string;
  readonly run: Run;
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
  { words, ...options }: CompareOptions & { readonly words?: Run } = {},
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
    ids.map((id) => comparedQuery(id, qrels.get(id)!, texts, words?.get(id))),
    systems.map(({ name, run, evaluation }) => ({
      name,
      perQuery: evaluation.perQuery,
      found: ids.map((id) => firstFound(run.get(id), qrels.get(id)!, texts)),
    })),
    options,
  );
}

type Grades = ReadonlyMap<string, number>;
type Scores = ReadonlyMap<string, number>;

/** The id of the first relevant document, and those that systems found first: whose texts are shown. */
export function shownDocuments(systems: readonly Pick<JudgedRun, 'run'>[], qrels: Qrels): Set<string> {
  const shown = new Set<string>();
  for (const [query, grades] of qrels) {
    const relevant = firstRelevant(grades);
    if (relevant !== undefined) shown.add(relevant);
    for (const { run } of systems) {
      const top = topOf(run.get(query));
      if (top !== undefined) shown.add(top);
    }
  }
  return shown;
}

function comparedQuery(
  id: string,
  grades: Grades,
  texts: KnownTexts,
  byWords: Scores | undefined,
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
      ...(byWords && { wordRank: rankIn(byWords, grades) ?? Number.POSITIVE_INFINITY }),
    },
  };
}

function firstFound(scores: Scores | undefined, grades: Grades, texts: KnownTexts): FirstFound {
  const top = topOf(scores);
  if (scores === undefined || top === undefined) return { topIsRelevant: false };
  const rank = rankIn(scores, grades);
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

const topOf = (scores: Scores | undefined): string | undefined =>
  scores === undefined ? undefined : trecOrder(scores)[0]?.[0];

/** From 1, in trec_eval's order. */
function rankIn(scores: Scores, grades: Grades): number | undefined {
  const place = trecOrder(scores).findIndex(([document]) => (grades.get(document) ?? 0) > 0);
  return place < 0 ? undefined : place + 1;
}
