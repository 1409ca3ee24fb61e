import type { TokenVectors } from '@rag/colbert';
import { colbertMiner, embeddingMiner, type MiningRetriever } from '../mine/mining-retriever.js';

const dim = 8;

/** A vector of a text, the same whenever it is asked for; no two texts of the tests have the same. */
export function vectorOf(text: string): Float32Array {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return Float32Array.from({ length: dim }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** In float64. */
export const dotOf = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** What a retriever of the tests was asked, by the number of texts of each call. */
export interface Calls {
  readonly queries: number[];
  readonly passages: number[];
}

/** A retriever by `vectorOf`, and what it was asked. */
export function wordRetriever(kind: 'embedding' | 'colbert' = 'embedding') {
  const calls: Calls = { queries: [], passages: [] };
  const multi = (text: string): TokenVectors => {
    const parts = text.split(' ').map(vectorOf);
    const data = new Float32Array(parts.length * dim);
    for (const [i, part] of parts.entries()) data.set(part, i * dim);
    return { data, tokens: parts.length, dim };
  };
  const maxSim = (query: TokenVectors, passage: TokenVectors): number => {
    let sum = 0;
    for (let i = 0; i < query.tokens; i++) {
      let best = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < passage.tokens; j++)
        best = Math.max(
          best,
          dotOf(query.data.subarray(i * dim, (i + 1) * dim), passage.data.subarray(j * dim, (j + 1) * dim)),
        );
      sum += best;
    }
    return sum;
  };
  const score = (query: string, passage: string): number =>
    kind === 'embedding' ? dotOf(vectorOf(query), vectorOf(passage)) : maxSim(multi(query), multi(passage));
  const ofColbert = {
    encodeQueries: async (texts: readonly string[]) => {
      calls.queries.push(texts.length);
      return texts.map(multi);
    },
    encodePassages: async (texts: readonly string[]) => {
      calls.passages.push(texts.length);
      return texts.map(multi);
    },
    scoreVectors: async (queries: readonly TokenVectors[], passages: readonly TokenVectors[]) =>
      Float64Array.from(queries.flatMap((query) => passages.map((passage) => maxSim(query, passage)))),
  };
  const queries = {};
  // Both sides of an embedding model are encoded by one method: options tell them apart.
  const encode = async (texts: readonly string[], options?: { readonly prompt?: string }) => {
    (options?.prompt === 'query' ? calls.queries : calls.passages).push(texts.length);
    return texts.map(vectorOf);
  };
  const retriever: MiningRetriever =
    kind === 'colbert'
      ? colbertMiner(ofColbert, { queries, documents: {}, dim })
      : embeddingMiner({ encode } as Parameters<typeof embeddingMiner>[0], {
          queries: { prompt: 'query' },
          documents: {},
          similarity: 'dot',
          dim,
        });
  return { retriever, calls, score };
}
