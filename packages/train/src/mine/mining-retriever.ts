import {
  type ColBERT,
  type EncodePassagesOptions,
  packVectors,
  type EncodeOptions as TokenOptions,
  type TokenVectors,
} from '@rag/colbert';
import type { Embedding, EncodeOptions } from '@rag/embedding';
import { type BlockProduct, type Hits, topK } from '@rag/eval';
import { similarityOf } from '../evaluate/embedding-retriever.js';
import { mergeHits, noHits } from '../evaluate/merge-hits.js';

interface Control {
  readonly signal?: AbortSignal;
}

/** Passages of a search. */
export interface PassageSearch {
  readonly queries: readonly TokenVectors[];
  /** Vectors of passages, block after block; read once. */
  readonly blocks: AsyncIterable<readonly TokenVectors[]>;
  /** Passages to keep per query. */
  readonly k: number;
  readonly leaveOut: (query: number, passage: number) => boolean;
}

/** A model that negatives are mined with; a text has one vector or, of ColBERT, one per token. */
export interface MiningRetriever {
  /** Elements of a vector. */
  readonly dim: number;
  /** Passages of a block of a search. */
  readonly blockPassages: number;
  encodeQueries(texts: readonly string[], control?: Control): Promise<readonly TokenVectors[]>;
  encodePassages(texts: readonly string[], control?: Control): Promise<readonly TokenVectors[]>;
  /** The best passages of each query, exactly; equal scores by ascending passage. */
  search(request: PassageSearch): Promise<readonly Hits[]>;
  /** Scores of passages for one query, as the search gives them but for rounding. */
  similarities(query: TokenVectors, passages: readonly TokenVectors[]): Promise<readonly number[]>;
}

export interface EmbeddingMinerOptions {
  readonly queries: EncodeOptions;
  readonly documents: EncodeOptions;
  readonly similarity: 'cosine' | 'dot';
  /** Elements of a vector. */
  readonly dim: number;
  /** Inner products; plain JavaScript without one. */
  readonly product?: BlockProduct;
}

/** Mining with an embedding model. */
export function embeddingMiner(
  model: Pick<Embedding, 'encode'>,
  { queries, documents, similarity, dim, product }: EmbeddingMinerOptions,
): MiningRetriever {
  const encode = async (texts: readonly string[], options: EncodeOptions) =>
    (await model.encode(texts, options)).map((data) => ({ data, tokens: 1, dim }));
  return {
    dim,
    blockPassages: 4096,
    encodeQueries: (texts, control) => encode(texts, { ...queries, ...control }),
    encodePassages: (texts, control) => encode(texts, { ...documents, ...control }),
    search: ({ queries: asked, blocks, k, leaveOut }) =>
      topK({
        queries: matrix(asked, dim),
        documents: matrices(blocks, dim),
        dim,
        k,
        similarity,
        leaveOut,
        ...(product && { product }),
      }),
    similarities: async (query, passages) =>
      passages.map(({ data }) => Math.fround(similarityOf(query.data, data, similarity))),
  };
}

async function* matrices(
  blocks: AsyncIterable<readonly TokenVectors[]>,
  dim: number,
): AsyncGenerator<Float32Array> {
  for await (const block of blocks) yield matrix(block, dim);
}

function matrix(list: readonly TokenVectors[], dim: number): Float32Array {
  const rows = new Float32Array(list.length * dim);
  for (const [i, { data }] of list.entries()) {
    if (data.length !== dim)
      throw new RangeError(
        `vectors: expected ${dim} elements, got ${data.length} — use vectors of one model`,
      );
    rows.set(data, i * dim);
  }
  return rows;
}

export interface ColbertMinerOptions {
  readonly queries: TokenOptions;
  readonly documents: EncodePassagesOptions;
  /** Elements of a vector. */
  readonly dim: number;
}

/** Queries scored against a block at a time: bounds the scores in memory. */
const queryRows = 1024;

/** Mining with a ColBERT model, by the MaxSim of every query with every passage. */
export function colbertMiner(
  model: Pick<ColBERT, 'encodeQueries' | 'encodePassages' | 'scoreVectors'>,
  { queries, documents, dim }: ColbertMinerOptions,
): MiningRetriever {
  return {
    dim,
    // 128 passages of 512 tokens, 1,024 elements each, are 256 MiB.
    blockPassages: 128,
    encodeQueries: (texts, control) => model.encodeQueries(texts, { ...queries, ...control }),
    encodePassages: (texts, control) => model.encodePassages(texts, { ...documents, ...control }),
    async search({ queries: asked, blocks, k, leaveOut }) {
      const hits: Hits[] = asked.map(() => noHits);
      let first = 0;
      for await (const texts of blocks) {
        const block = packVectors(texts);
        for (let from = 0; from < asked.length; from += queryRows) {
          const part = asked.slice(from, from + queryRows);
          const scores = await model.scoreVectors(part, block);
          for (const i of part.keys()) {
            const row = scores.subarray(i * block.length, (i + 1) * block.length);
            const isFound = (passage: number) => !leaveOut(from + i, passage);
            hits[from + i] = mergeHits(hits[from + i]!, row, first, k, isFound);
          }
        }
        first += block.length;
      }
      return hits;
    },
    similarities: async (query, passages) =>
      Array.from(await model.scoreVectors([query], passages), Math.fround),
  };
}
