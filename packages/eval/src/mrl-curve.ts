import type { BlockProduct } from './block-product.js';
import { evaluateRetrieval, type RetrievalEvaluation, type RetrievalOptions } from './evaluate-retrieval.js';
import {
  evaluateSimilarity,
  type SimilarityEvaluation,
  type SimilarityVectors,
} from './evaluate-similarity.js';
import { truncateVectors } from './matrix.js';
import type { MetricName } from './metric.js';
import { type Qrels, runFromHits } from './run.js';
import { openSearch, rowBlocks, type VectorBlocks } from './top-k.js';

/** Full vectors of a judged collection. */
export interface MrlRetrieval<Name extends MetricName> extends RetrievalOptions {
  kind: 'retrieval';
  /** Row-major [queries, dim]. */
  queries: Float32Array;
  queryIds: readonly string[];
  /** Read once, whatever the number of dimensions. */
  documents: VectorBlocks;
  /** One per document; a stream may add a block's ids before it yields the block. */
  documentIds: readonly string[];
  /** Length of a full vector. */
  dim: number;
  qrels: Qrels;
  metrics: readonly Name[];
  /** Documents kept per query; at least the largest cut-off of `metrics`; default 100. */
  k?: number;
  product?: BlockProduct;
}

/** Full vectors of labelled pairs. */
export interface MrlSimilarity extends Omit<SimilarityVectors, 'similarity'> {
  kind: 'similarity';
}

/** What vectors cut to `dim` numbers achieve. */
export type MrlPoint<Evaluation> = { dim: number } & Evaluation;

/**
 * The quality of vectors cut to each of `dims` numbers and L2-normalised again, for models trained with Matryoshka
 * representation learning (Kusupati et al., NeurIPS 2022): one point per dimension, in the order given.
 *
 * @throws when a dimension is not an integer from 1 to the full one or is repeated, and as the evaluations do
 */
export function mrlCurve<const Name extends MetricName>(
  task: MrlRetrieval<Name>,
  dims: readonly number[],
): Promise<MrlPoint<RetrievalEvaluation<Name>>[]>;
export function mrlCurve(
  task: MrlSimilarity,
  dims: readonly number[],
): Promise<MrlPoint<SimilarityEvaluation>[]>;
export async function mrlCurve(
  task: MrlRetrieval<MetricName> | MrlSimilarity,
  dims: readonly number[],
): Promise<MrlPoint<RetrievalEvaluation | SimilarityEvaluation>[]> {
  if (dims.length === 0 || new Set(dims).size !== dims.length) {
    throw new RangeError(
      `mrlCurve: dims expected different dimensions, got [${dims.join(', ')}] — name each once`,
    );
  }
  if (task.kind === 'retrieval') return retrievalCurve(task, dims);
  const { first, second, labels, dim: full } = task;
  return dims.map((dim) => ({
    dim,
    ...evaluateSimilarity({
      first: truncateVectors(first, full, dim, 'first'),
      second: truncateVectors(second, full, dim, 'second'),
      dim,
      labels,
      similarity: 'dot',
    }),
  }));
}

async function retrievalCurve<Name extends MetricName>(
  task: MrlRetrieval<Name>,
  dims: readonly number[],
): Promise<MrlPoint<RetrievalEvaluation<Name>>[]> {
  const { queries, queryIds, documentIds, dim: full, qrels, metrics, k = 100, product } = task;
  const cutoff = Math.max(...metrics.map((name) => Number(name.split('@')[1] ?? 1)));
  if (k < cutoff) {
    throw new RangeError(
      `mrlCurve: k expected at least the largest cut-off ${cutoff}, got ${k} — keep more documents per query`,
    );
  }
  const searches = dims.map((dim) =>
    openSearch({
      queries: truncateVectors(queries, full, dim, 'queries'),
      dim,
      k,
      similarity: 'dot',
      ...(product && { product }),
      ...(task.leaveOutSameId === true && {
        leaveOut: (query: number, document: number) => queryIds[query] === documentIds[document],
      }),
    }),
  );
  let seen = 0;
  for await (const block of rowBlocks(task.documents, full)) {
    for (const [i, dim] of dims.entries()) {
      await searches[i]!.add(truncateVectors(block, full, dim, 'documents', seen));
    }
    seen += block.length / full;
  }
  return dims.map((dim, i) => ({
    dim,
    ...evaluateRetrieval(runFromHits(searches[i]!.hits(), queryIds, documentIds), qrels, metrics, task),
  }));
}
