import { bestHits, type Hits } from './best-hits.js';
import { type BlockProduct, blockProduct } from './block-product.js';
import { inverseNorms, normalizeRows, rowNorms, rowsOf } from './matrix.js';

/** Vectors as one row-major matrix, or as blocks of whole rows that are read once, in order. */
export type VectorBlocks = Float32Array | Iterable<Float32Array> | AsyncIterable<Float32Array>;

/** What a search is opened with. */
export interface SearchOptions {
  /** Row-major [queries, dim]. */
  queries: Float32Array;
  /** Length of a vector. */
  dim: number;
  /** Documents to keep per query. */
  k: number;
  /** `cosine` (default), or `dot` for vectors that are normalised already or are not meant to be. */
  similarity?: 'cosine' | 'dot';
  /** Computes the inner products; default plain JavaScript. */
  product?: BlockProduct;
  /** Most queries that `product` is given at once; default 256. */
  queryRows?: number;
  /** Whether a document must not be found by a query, such as the query's own text; asked for candidates only. */
  leaveOut?: (query: number, document: number) => boolean;
}

export interface TopKOptions extends SearchOptions {
  documents: VectorBlocks;
  /** Most documents that `product` is given at once; default 4,096. */
  documentRows?: number;
}

/**
 * The k most similar documents of every query, exactly: every query meets every document, by blocks. Memory beside the
 * inputs is k entries per query and one block of scores, whatever the number of documents. Equal scores are ordered by
 * ascending document, also at the cut; block sizes change nothing (under an injected product, nothing but its rounding).
 *
 * @returns one entry per query, of k hits or as many as there are documents
 * @throws on vectors that are not finite or do not fill their rows, zero vectors under `cosine`, and bad sizes
 */
export async function topK({ documents, documentRows, ...options }: TopKOptions): Promise<Hits[]> {
  const search = openSearch(options);
  for await (const block of rowBlocks(documents, options.dim, documentRows)) await search.add(block);
  return search.hits();
}

/** Cuts a matrix or a stream of matrices into blocks of at most `rows` rows, as views. */
export async function* rowBlocks(
  vectors: VectorBlocks,
  dim: number,
  rows = 4_096,
): AsyncGenerator<Float32Array> {
  checkPositive('documentRows', rows);
  for await (const block of vectors instanceof Float32Array ? [vectors] : vectors) {
    const count = rowsOf('documents', block, dim);
    for (let first = 0; first < count; first += rows) {
      yield block.subarray(first * dim, Math.min(first + rows, count) * dim);
    }
  }
}

/** A search that documents are added to, block after block. */
export interface Search {
  add(documents: Float32Array): Promise<void>;
  /** One entry per query; see {@link topK}. */
  hits(): Hits[];
}

/** Opens a search over documents that come later. */
export function openSearch(options: SearchOptions): Search {
  const { dim, k, similarity = 'cosine', product = blockProduct, queryRows = 256, leaveOut } = options;
  checkPositive('k', k);
  checkPositive('queryRows', queryRows);
  if (similarity !== 'cosine' && similarity !== 'dot') {
    throw new RangeError(
      `topK: similarity expected cosine or dot, got ${similarity} — normalise other vectors first`,
    );
  }
  const rows = rowsOf('queries', options.queries, dim);
  if (rows * k > 2 ** 31) {
    throw new RangeError(
      `topK: expected at most 2147483648 hits in all, got ${rows} queries × k = ${k} — search in parts or lower k`,
    );
  }
  const cosine = similarity === 'cosine';
  const queries = cosine ? normalizeRows('queries', options.queries.slice(), dim) : options.queries;
  rowNorms('queries', queries, dim);
  const best = bestHits(rows, k);
  let seen = 0;

  /** Offers the scores [queries of the part, documents] to the heaps of the queries from `first` on. */
  const offerAll = (scores: Float32Array, first: number, queryCount: number, scale: Float64Array): void => {
    const count = scale.length;
    for (let row = 0; row < queryCount; row++) {
      const query = first + row;
      let floor = best.floor(query);
      for (let j = 0; j < count; j++) {
        const score = Math.fround(scores[row * count + j]! * scale[j]!);
        if (score <= floor) continue;
        if (!Number.isFinite(score)) {
          throw new Error(
            `topK: query ${query} and document ${seen + j} expected a finite similarity, got ${score} — scale the vectors down or check the product`,
          );
        }
        if (leaveOut?.(query, seen + j) !== true) floor = best.offer(query, seen + j, score);
      }
    }
  };

  return {
    async add(documents) {
      // Documents are not copied: their products are scaled instead.
      const scale = (cosine ? inverseNorms : rowNorms)('documents', documents, dim, seen);
      if (!cosine) scale.fill(1);
      const count = scale.length;
      if (seen + count > 2 ** 32) {
        throw new RangeError(
          'topK: expected at most 4294967296 documents, got more — search the corpus in parts',
        );
      }
      for (let first = 0; first < rows; first += queryRows) {
        const part = queries.subarray(first * dim, Math.min(first + queryRows, rows) * dim);
        const queryCount = part.length / dim;
        const scores = await product(part, documents, dim);
        if (scores.length !== queryCount * count) {
          throw new RangeError(
            `topK: product expected ${queryCount} × ${count} scores, got ${scores.length} — return [queries, documents]`,
          );
        }
        offerAll(scores, first, queryCount, scale);
      }
      seen += count;
    },
    hits: () => Array.from({ length: rows }, (_, query) => best.hits(query)),
  };
}

function checkPositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`topK: ${name} expected a positive integer, got ${value} — pass for example 100`);
  }
}
