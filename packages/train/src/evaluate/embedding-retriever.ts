import type { Embedding, EncodeOptions } from '@rag/embedding';
import { type BlockProduct, topK, truncateVectors } from '@rag/eval';
import { broadcast } from './broadcast.js';
import type { Retriever } from './retriever.js';

export interface EmbeddingRetrieverOptions {
  readonly queries: EncodeOptions;
  readonly documents: EncodeOptions;
  readonly similarity: 'cosine' | 'dot';
  /** Widths to cut vectors to, for a curve. */
  readonly mrlDims: readonly number[];
  /** Inner products; plain JavaScript without one. */
  readonly product?: BlockProduct;
}

/** Search by the exact similarities of vectors; documents are encoded once, a block of them in memory. */
export function embeddingRetriever(
  model: Pick<Embedding, 'encode'>,
  {
    queries: queryOptions,
    documents: documentOptions,
    similarity,
    mrlDims,
    product,
  }: EmbeddingRetrieverOptions,
): Retriever {
  return {
    // The window that `encode` sorts by length.
    blockDocuments: 4096,
    async search({ queries, documents, k, leaveOut }) {
      const { data: asked, dim } = matrix(await model.encode(queries, queryOptions));
      const tooWide = mrlDims.find((width) => width > dim);
      if (tooWide !== undefined)
        throw new RangeError(
          `mrl_dims: expected widths up to ${dim}, that of the vectors, got ${tooWide} — leave it out`,
        );
      async function* encoded(): AsyncGenerator<Float32Array> {
        for await (const texts of documents) yield matrix(await model.encode(texts, documentOptions)).data;
      }
      const [whole, ...cut] = broadcast(encoded(), 1 + mrlDims.length);
      const options = { k, ...(product && { product }), ...(leaveOut && { leaveOut }) };
      const [hits, ...others] = await Promise.all([
        topK({ ...options, queries: asked, documents: whole!, dim, similarity }),
        ...mrlDims.map((width, i) =>
          topK({
            ...options,
            queries: truncateVectors(asked, dim, width, 'queries'),
            documents: truncated(cut[i]!, dim, width),
            dim: width,
            similarity: 'dot',
          }),
        ),
      ]);
      return { hits: hits!, byWidth: mrlDims.map((width, i) => ({ dim: width, hits: others[i]! })) };
    },
    async similarities(pairs) {
      const vectorsOf = async (texts: readonly string[], options: EncodeOptions) => {
        const known = [...new Set(texts)];
        const vectors = await model.encode(known, options);
        const byText = new Map(known.map((text, i) => [text, vectors[i]!]));
        return texts.map((text) => byText.get(text)!);
      };
      const first = await vectorsOf(
        pairs.map((pair) => pair.first),
        queryOptions,
      );
      const second = await vectorsOf(
        pairs.map((pair) => pair.second),
        documentOptions,
      );
      return first.map((vector, i) => similarityOf(vector, second[i]!, similarity));
    },
  };
}

async function* truncated(
  blocks: AsyncIterable<Float32Array>,
  dim: number,
  width: number,
): AsyncGenerator<Float32Array> {
  let seen = 0;
  for await (const block of blocks) {
    yield truncateVectors(block, dim, width, 'documents', seen);
    seen += block.length / dim;
  }
}

function matrix(vectors: readonly Float32Array[]): { data: Float32Array; dim: number } {
  const dim = vectors[0]?.length ?? 1;
  const data = new Float32Array(vectors.length * dim);
  for (const [i, vector] of vectors.entries()) data.set(vector, i * dim);
  return { data, dim };
}

/** In float64. @throws on a vector of zeros under `cosine` */
export function similarityOf(a: Float32Array, b: Float32Array, kind: 'cosine' | 'dot'): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  if (kind === 'dot') return dot;
  if (aa * bb > 0) return dot / Math.sqrt(aa * bb);
  throw new Error('cosine: expected vectors with a direction, got zeros — compare by dot');
}
