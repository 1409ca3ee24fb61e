import {
  bm25,
  compareRetrieval,
  evaluateRetrieval,
  evaluateSimilarity,
  type Hits,
  type MeanInterval,
  type MetricName,
  metricNamed,
  type PairedDifference,
  type RetrievalEvaluation,
  type RetrievalOptions,
  type Run,
  retrievalIntervals,
  runFromHits,
  type SimilarityEvaluation,
} from '@rag/eval';
import { OptionError } from '@rag/models';
import type { Collection, NamedText } from './collection.js';
import { mergeHits, noHits } from './merge-hits.js';
import type { Retriever } from './retriever.js';

export interface EvaluateOptions {
  readonly metrics: readonly MetricName[];
  /** Documents kept per query; at least the largest cut-off of the metrics. */
  readonly topK: number;
  /** Word matching beside the model; it holds all documents in memory. */
  readonly bm25: boolean;
  /** A query does not find the document of its own id. */
  readonly leaveOutSameId: boolean;
  /** As `evaluateRetrieval`'s. @default 'leave-out' */
  readonly withoutRelevant?: RetrievalOptions['withoutRelevant'];
  /** Hears of documents that were searched. */
  readonly onProgress?: (documents: number) => void;
}

/** A system's search, judged. */
export interface SystemEvaluation {
  readonly name: string;
  readonly run: Run;
  readonly evaluation: RetrievalEvaluation;
  readonly intervals: Readonly<Record<string, MeanInterval>>;
}

/** What a model is worth on a collection; what the collection does not judge is absent. */
export interface CollectionEvaluation {
  readonly queries: number;
  readonly documents: number;
  /** The model, and BM25 if it was asked for. */
  readonly systems: readonly SystemEvaluation[];
  /** model − BM25, paired by query. */
  readonly difference?: Readonly<Record<string, PairedDifference>>;
  /** The model with vectors cut to widths, in the order asked for. */
  readonly byWidth: readonly (SystemEvaluation & { readonly dim: number })[];
  /** How similarities follow the scores of pairs. */
  readonly similarity: readonly { readonly name: string; readonly evaluation: SimilarityEvaluation }[];
  readonly notes: readonly string[];
}

/**
 * Searches a collection by a model, beside BM25, and judges both.
 * @throws RangeError for metrics that are none and cut-offs beyond `topK`; the errors of files, models and metrics
 */
export async function evaluateCollection(
  collection: Collection,
  retriever: Retriever,
  options: EvaluateOptions,
): Promise<CollectionEvaluation> {
  checkCutoffs(options);
  const { pairs } = collection;
  const retrieval =
    collection.qrels.size > 0
      ? await evaluateSearch(collection, retriever, options)
      : { queries: 0, documents: 0, systems: [], byWidth: [], notes: [] };
  if (pairs.length === 0) return { ...retrieval, similarity: [] };
  const labels = pairs.map(({ score }) => score);
  const words = options.bm25 ? bm25(pairs.map(({ second }) => second)) : undefined;
  return {
    ...retrieval,
    similarity: [
      {
        name: 'model',
        evaluation: evaluateSimilarity({ scores: await retriever.similarities(pairs), labels }),
      },
      ...(words
        ? similarityOfWords(
            pairs.map(({ first, second }) => words.score(first, second)),
            labels,
          )
        : []),
    ],
  };
}

/** Word matching may find nothing in common anywhere: it has no correlation then. */
function similarityOfWords(scores: readonly number[], labels: readonly number[]) {
  if (scores.every((score) => score === scores[0])) return [];
  return [{ name: 'BM25', evaluation: evaluateSimilarity({ scores, labels }) }];
}

/** @throws OptionError for metrics that look behind the documents that are kept */
export function checkCutoffs({ metrics, topK }: Pick<EvaluateOptions, 'metrics' | 'topK'>): void {
  for (const name of metrics) {
    metricNamed(name);
    const cutoff = Number(name.split('@')[1] ?? 1);
    if (cutoff > topK)
      throw new OptionError('topK', `expected at least ${cutoff} for ${name}, got ${topK}`, 'raise it');
  }
}

type Retrieval = Omit<CollectionEvaluation, 'similarity'>;

async function evaluateSearch(
  collection: Collection,
  retriever: Retriever,
  { metrics, topK: k, bm25: wantsWords, leaveOutSameId, withoutRelevant, onProgress }: EvaluateOptions,
): Promise<Retrieval> {
  const { queries, qrels } = collection;
  const queryIds = queries.map(({ id }) => id);
  const documentIds: string[] = [];
  const texts: string[] = [];
  async function* documents(): AsyncGenerator<readonly string[]> {
    for await (const block of blocks(collection.documents(), retriever.blockDocuments)) {
      // Before the block: `leaveOut` asks for the ids of documents that are being searched.
      for (const { id } of block) documentIds.push(id);
      if (wantsWords) for (const { text } of block) texts.push(text);
      yield block.map(({ text }) => text);
      onProgress?.(documentIds.length);
    }
  }
  const isSame = (query: number, document: number): boolean => queryIds[query] === documentIds[document];
  const found = await retriever.search({
    queries: queries.map(({ text }) => text),
    documents: documents(),
    k,
    ...(leaveOutSameId && { leaveOut: isSame }),
  });
  const options: RetrievalOptions = { leaveOutSameId, ...(withoutRelevant && { withoutRelevant }) };
  const judge = (name: string, hits: readonly Hits[]): SystemEvaluation => {
    const run = runFromHits(hits, queryIds, documentIds);
    const evaluation = evaluateRetrieval(run, qrels, metrics, options);
    return { name, run, evaluation, intervals: retrievalIntervals(evaluation) };
  };
  const model = judge('model', found.hits);
  const words = wantsWords
    ? judge('BM25', searchWords(queries, texts, k, leaveOutSameId ? isSame : undefined))
    : undefined;
  return {
    queries: model.evaluation.queryIds.length,
    documents: documentIds.length,
    systems: words ? [model, words] : [model],
    ...(words && { difference: compareRetrieval(words.evaluation, model.evaluation) }),
    byWidth: found.byWidth.map(({ dim, hits }) => ({ dim, ...judge(`${dim} elements`, hits) })),
    notes: [...collection.notes(), ...notesOf(model, options)],
  };
}

/** The documents by their words; those that share none with the query are not found. */
export function searchWords(
  queries: readonly NamedText[],
  texts: readonly string[],
  k: number,
  leaveOut?: (query: number, document: number) => boolean,
): Hits[] {
  const words = bm25(texts);
  return queries.map(({ text }, query) =>
    mergeHits(
      noHits,
      words.scores(text),
      0,
      k,
      (document, score) => score > 0 && leaveOut?.(query, document) !== true,
    ),
  );
}

function notesOf(
  { run, evaluation }: SystemEvaluation,
  { leaveOutSameId, withoutRelevant: treated = 'leave-out' }: RetrievalOptions,
): string[] {
  const own = leaveOutSameId ? 0 : [...run].filter(([query, documents]) => documents.has(query)).length;
  const { withoutRelevant } = evaluation;
  return [
    ...(withoutRelevant.length > 0
      ? [
          `${withoutRelevant.length} judged queries without a relevant document ${treated === 'zero' ? 'count as 0' : 'are left out'}`,
        ]
      : []),
    ...(own > 0
      ? [
          `${own} queries found a document of their own id — pass --leave_out_same_id if that is the query itself`,
        ]
      : []),
  ];
}

async function* blocks<T>(items: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<T[]> {
  let block: T[] = [];
  for await (const item of items) {
    block.push(item);
    if (block.length < size) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}
