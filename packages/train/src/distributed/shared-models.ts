import type { Embedding } from '@rag/embedding';
import type { Reranker } from '@rag/reranker';
import type { Collective } from '@rag/runtime';
import { inParts } from './in-parts.js';

/** A reranker of which every rank scores its part of the pairs, in evaluation. */
export const sharedReranker = (model: Reranker, collective: Collective): Reranker =>
  Object.create(model, {
    computeScore: {
      value: async (...[pairs, ...options]: Parameters<Reranker['computeScore']>) => {
        const rows = await inParts(collective, pairs, async (part) =>
          (await model.computeScore(part, ...options)).map((score) => [score]),
        );
        return rows.map(([score]) => score);
      },
    },
  });

/** An embedding model of which every rank encodes its part of the texts, in evaluation. */
export const sharedEmbedding = (model: Embedding, collective: Collective): Embedding =>
  Object.create(model, {
    encode: {
      value: async (texts: readonly string[], ...options: unknown[]) => {
        const encode = model.encode.bind(model) as (...given: unknown[]) => Promise<Float32Array[]>;
        const rows = await inParts(collective, texts, (part) => encode(part, ...options));
        return rows.map((row) => Float32Array.from(row));
      },
    },
  });
