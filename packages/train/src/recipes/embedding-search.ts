import type { Embedding } from '@rag/embedding';
import { mrlCurve, topK, truncateVectors } from '@rag/eval';
import type { Findings } from './retrieval-evaluation.js';
import { retrievalMetrics } from './retrieval-evaluation.js';
import type { RetrievalRows } from './retrieval-rows.js';

export interface EmbeddingSearch {
  /** Tokens of queries and of passages. */
  readonly lengths: { readonly query: number; readonly passage: number };
  /** Texts per batch. */
  readonly batchSize: number;
  /** Widths to cut vectors to, where they were learned. */
  readonly mrlDims: readonly number[];
}

/** What an embedding model makes of held-out rows: cosine similarities of whole vectors, prompts standing in the texts. */
export async function findByEmbedding(
  model: Embedding,
  { queries, passages, qrels, pairs }: RetrievalRows,
  kept: number,
  { lengths, batchSize, mrlDims }: EmbeddingSearch,
): Promise<Findings> {
  const dim = model.dimension;
  const encode = async (texts: readonly string[], maxLength: number): Promise<Float32Array> => {
    const vectors = await model.encode(texts, { prompt: '', dim, maxLength, batchSize });
    const matrix = new Float32Array(texts.length * dim);
    for (const [i, vector] of vectors.entries()) matrix.set(vector, i * dim);
    return truncateVectors(matrix, dim, dim);
  };
  const asked = await encode(queries, lengths.query);
  const documents = await encode(passages, lengths.passage);
  const row = (matrix: Float32Array, place: number) => matrix.subarray(place * dim, (place + 1) * dim);
  const similarities = pairs.map(({ query, passage }) => dot(row(asked, query), row(documents, passage)));
  if (qrels.size === 0) return { hits: [], similarities };
  const hits = await topK({ queries: asked, documents, dim, k: kept, similarity: 'dot' });
  const widths = mrlDims.filter((width) => width <= dim);
  // A model from before training may be narrower than what is learned.
  if (widths.length === 0) return { hits, similarities };
  const names = (list: readonly string[]): string[] => list.map((_, place) => String(place));
  const points = await mrlCurve(
    {
      kind: 'retrieval',
      queries: asked,
      queryIds: names(queries),
      documents,
      documentIds: names(passages),
      dim,
      qrels,
      metrics: retrievalMetrics,
      k: kept,
    },
    widths,
  );
  const curve = points.map(({ dim: width, means }) => ({ dim: width, 'ndcg@10': means['ndcg@10'] }));
  return { hits, similarities, curve };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
