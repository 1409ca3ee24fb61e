import {
  evaluateRetrieval,
  type MetricName,
  type RetrievalEvaluation,
  type RetrievalOptions,
  type Run,
  runFromHits,
} from '@rag/eval';
import type { ScorePairs } from '../benchmark/score-samples.js';
import type { Collection } from './collection.js';
import { searchWords } from './evaluate-collection.js';

export interface RerankOptions extends Pick<RetrievalOptions, 'withoutRelevant'> {
  readonly metrics: readonly MetricName[];
  /** Candidates per query. */
  readonly candidates: number;
  readonly leaveOutSameId: boolean;
}

/** What BM25 found and a reranker ordered. */
export interface RerankedCollection {
  readonly documents: number;
  readonly words: Run;
  readonly run: Run;
  readonly evaluation: RetrievalEvaluation;
  readonly notes: readonly string[];
}

/**
 * Orders the candidates that words find for every query; relevant documents that words do not find stay unfound. All documents are
 * held in memory.
 * @throws Error for scores that are NaN, and those of the files
 */
export async function rerankCollection(
  collection: Collection,
  score: ScorePairs,
  { metrics, candidates, leaveOutSameId, withoutRelevant }: RerankOptions,
): Promise<RerankedCollection> {
  const { queries, qrels } = collection;
  const [ids, texts]: [string[], string[]] = [[], []];
  for await (const { id, text } of collection.documents()) {
    ids.push(id);
    texts.push(text);
  }
  const isSame = (query: number, document: number) => queries[query]!.id === ids[document];
  const found = searchWords(queries, texts, candidates, leaveOutSameId ? isSame : undefined);
  const scores = await score(
    found.flatMap(({ documents }, q) =>
      Array.from(documents, (document) => ({ query: queries[q]!.text, passage: texts[document]! })),
    ),
  );
  let at = 0;
  const run = new Map(
    found.map(({ documents }, q) => [
      queries[q]!.id,
      new Map(Array.from(documents, (document) => [ids[document]!, scores[at++]!])),
    ]),
  );
  const evaluation = evaluateRetrieval(run, qrels, metrics, {
    leaveOutSameId,
    ...(withoutRelevant && { withoutRelevant }),
  });
  return {
    documents: ids.length,
    words: runFromHits(
      found,
      queries.map(({ id }) => id),
      ids,
    ),
    run,
    evaluation,
    notes: collection.notes(),
  };
}
