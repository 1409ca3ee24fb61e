import {
  type ColBERT,
  type EncodePassagesOptions,
  type EncodeQueriesOptions,
  packVectors,
} from '@rag/colbert';
import type { Hits } from '@rag/eval';
import { mergeHits, noHits } from './merge-hits.js';
import type { Retriever } from './retriever.js';

export interface ColbertRetrieverOptions {
  readonly queries: EncodeQueriesOptions;
  readonly documents: EncodePassagesOptions;
}

/** Queries scored against a block at a time: bounds the scores in memory. */
const queryRows = 1024;

/** Search by the exact MaxSim of every query with every document, the vectors of a block of documents in memory. */
export function colbertRetriever(
  model: Pick<ColBERT, 'encodeQueries' | 'encodePassages' | 'scoreVectors' | 'computeScore'>,
  { queries: queryOptions, documents: documentOptions }: ColbertRetrieverOptions,
): Retriever {
  return {
    // 128 passages of 512 tokens, 1,024 elements each, are 256 MiB.
    blockDocuments: 128,
    async search({ queries, documents, k, leaveOut }) {
      const asked = await model.encodeQueries(queries, queryOptions);
      const hits: Hits[] = queries.map(() => noHits);
      let first = 0;
      for await (const texts of documents) {
        const block = packVectors(await model.encodePassages(texts, documentOptions));
        for (let from = 0; from < asked.length; from += queryRows) {
          const part = asked.slice(from, from + queryRows);
          const scores = await model.scoreVectors(part, block);
          for (const i of part.keys()) {
            const query = from + i;
            const row = scores.subarray(i * block.length, (i + 1) * block.length);
            const isFound = leaveOut && ((document: number) => !leaveOut(query, document));
            hits[query] = mergeHits(hits[query]!, row, first, k, isFound);
          }
        }
        first += texts.length;
      }
      return { hits, byWidth: [] };
    },
    similarities: (pairs) => {
      const { maxLength: queryLength, ...batches } = queryOptions;
      const { maxLength: passageLength, ...pooling } = documentOptions;
      return model.computeScore(
        pairs.map(({ first, second }) => [first, second]),
        {
          ...batches,
          ...pooling,
          ...(queryLength !== undefined && { queryLength }),
          ...(passageLength !== undefined && { passageLength }),
        },
      );
    },
  };
}
